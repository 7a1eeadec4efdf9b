/**
 * The project's own lint rules: what docs/architecture.md and CONTRIBUTING.md say and a program can
 * check. Each ban names its replacement.
 */

/** Layers from the bottom up; a file imports its own layer and those below. */
const LAYERS: readonly (readonly string[])[] = [
  ["policy", "tree"],
  ["engine"],
  ["secrets"],
  ["config", "project"],
  ["workspace", "image", "preset", "service", "setup", "auth", "ssh"],
  ["transfer"],
  ["cage", "copy", "hold", "desk", "promote", "acp", "mail", "headless", "verify"],
  ["fleet"],
  ["cli"],
];

/** Folders that run elsewhere too: what each may import of src besides itself. */
const SEALED: Readonly<Record<string, readonly string[]>> = {
  policy: [],
  gateway: ["policy"],
  tree: [],
  courier: ["tree"],
};

/** Run in containers alone: the rest of src takes them as text, to send them there. */
const TEXT_ONLY: readonly string[] = ["gateway", "courier"];

/** Most positional parameters; one more may follow when it is an options object. */
const MOST_PARAMETERS = 2;

type FunctionNode =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

const plugin: Deno.lint.Plugin = {
  name: "sandcage",
  rules: {
    "import-direction": {
      create(context) {
        const folder = sourceFolder(context.filename);
        if (folder === undefined) return {};
        const check = (node: Deno.lint.Node, specifier: unknown) => {
          if (typeof specifier !== "string" || !specifier.startsWith(".")) return;
          const problem = findImportProblem(context.filename, specifier);
          if (problem !== undefined) context.report({ node, ...problem });
        };
        return {
          ImportDeclaration(node) {
            if (!isTextImport(node)) check(node, node.source.value);
          },
          ExportNamedDeclaration: (node) => check(node, node.source?.value),
          ExportAllDeclaration: (node) => check(node, node.source.value),
          ImportExpression(node) {
            if (node.source.type === "Literal") check(node, node.source.value);
          },
        };
      },
    },
    "no-default-export": {
      create: (context) => ({
        ExportDefaultDeclaration(node) {
          context.report({
            node,
            message: "A default export has no name of its own",
            hint: "Export it by name",
          });
        },
      }),
    },
    "options-after-two": {
      create(context) {
        const check = (node: FunctionNode) => {
          const { params } = node;
          if (params.length <= MOST_PARAMETERS) return;
          if (params.length === MOST_PARAMETERS + 1 && isOptions(params[MOST_PARAMETERS]!)) return;
          context.report({
            range: [params[MOST_PARAMETERS]!.range[0], params.at(-1)!.range[1]],
            message: `A function takes at most ${MOST_PARAMETERS} arguments and one options object`,
            hint: "Put the others into an object named `options`",
          });
        };
        return {
          // What other files call; inside a file the arguments are in sight.
          "ExportNamedDeclaration > FunctionDeclaration": check,
          "ExportNamedDeclaration > VariableDeclaration > VariableDeclarator > ArrowFunctionExpression":
            check,
          "ExportNamedDeclaration > ClassDeclaration > ClassBody > MethodDefinition > FunctionExpression":
            check,
        };
      },
    },
    "no-lazy-package": {
      create: (context) => ({
        ImportExpression(node) {
          if (node.source.type !== "Literal" || typeof node.source.value !== "string") return;
          if (/^(\.|\/|node:|data:|file:)/.test(node.source.value)) return;
          context.report({
            node,
            message: "A CommonJS package imported lazily has no named exports in the bundle",
            hint: "Import it by name in a module of ours, and import that module lazily",
          });
        },
      }),
    },
    "only-main-exits": {
      create(context) {
        if (sourceFolder(context.filename) === undefined) return {};
        return {
          MemberExpression(node) {
            if (node.object.type !== "Identifier" || node.object.name !== "Deno") return;
            if (node.property.type !== "Identifier" || node.property.name !== "exit") return;
            context.report({
              node,
              message: "Only main.ts ends the process",
              hint: "Throw a UserError, or return the exit code",
            });
          },
        };
      },
    },
  },
};

// Deno loads a plugin from the default export of its module.
// deno-lint-ignore sandcage/no-default-export
export default plugin;

/** Says what is wrong with an import between folders of src; nothing when it is right. */
function findImportProblem(
  filename: string,
  specifier: string,
): { message: string; hint: string } | undefined {
  const from = sourceFolder(filename)!;
  const target = new URL(specifier, `file://${slashes(filename)}`).pathname;
  const to = sourceFolder(target);
  if (to === from) return undefined;
  if (to === undefined) {
    const outside = /\/(tests|tools)\//.exec(afterRoot(target))?.[1];
    return outside === undefined ? undefined : {
      message: `src/ does not import ${outside}/`,
      hint: "Move what both need into src/",
    };
  }
  if (TEXT_ONLY.includes(to)) {
    return {
      message: `src/${to} runs in its container and not in the CLI`,
      hint: "Move what both need into src/policy or src/tree",
    };
  }
  const sealed = SEALED[from];
  if (sealed !== undefined && !sealed.includes(to)) {
    return {
      message: `src/${from} also runs without the CLI and does not import src/${to || "*.ts"}`,
      hint: "Hand the value in",
    };
  }
  const [importer, imported] = [layerOf(from), layerOf(to)];
  if (importer === undefined || imported === undefined || imported <= importer) return undefined;
  return {
    message: `Imports run downward only: src/${from || "*.ts"} does not import src/${to}`,
    hint: "Move what both need down, or hand the value in",
  };
}

/** Whether an import brings a file's text and none of its code, which has no direction. */
function isTextImport(node: Deno.lint.ImportDeclaration): boolean {
  return node.attributes.some(({ key, value }) =>
    (key.type === "Identifier" ? key.name : key.value) === "type" && value.value === "text"
  );
}

/** Height of a folder: the files directly in src are below every layer. */
function layerOf(folder: string): number | undefined {
  if (folder === "") return -1;
  const layer = LAYERS.findIndex((folders) => folders.includes(folder));
  return layer < 0 ? undefined : layer;
}

/** Folder of a file below src, empty for a file directly in it; `undefined` outside src. */
function sourceFolder(filename: string): string | undefined {
  const match = /^\/src\/(?:([^/]+)\/)?/.exec(afterRoot(filename));
  return match === null ? undefined : match[1] ?? "";
}

// The last `src`, `tests` or `tools` that starts the path inside the repository.
function afterRoot(filename: string): string {
  const path = slashes(filename);
  const root = slashes(new URL("..", import.meta.url).pathname).replace(/\/$/, "");
  return path.startsWith(root) ? path.slice(root.length) : path;
}

function slashes(path: string): string {
  const forward = path.replaceAll("\\", "/");
  return forward.startsWith("/") ? forward : `/${forward}`;
}

function isOptions(param: Deno.lint.Parameter | Deno.lint.TSParameterProperty): boolean {
  switch (param.type) {
    case "ObjectPattern":
      return true;
    case "AssignmentPattern":
      return isOptions(param.left as Deno.lint.Parameter);
    case "Identifier":
      return /options$/i.test(param.name) ||
        param.typeAnnotation?.typeAnnotation.type === "TSTypeLiteral";
    default:
      return false;
  }
}
