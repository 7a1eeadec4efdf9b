import {
  type IgnorePattern,
  isGlobMatch,
  parseIgnoreFile,
  type PatternMatch,
  toByteText,
} from "./ignore_pattern.ts";
import { hintOf, isLikeAny, type NameHint } from "./name_hint.ts";
import type { RuleSource, TreeRules } from "./rules.ts";

/** Answers the source whose pattern keeps a path where it is; `undefined` when it travels. */
export type IgnoreMatcher = (
  path: string,
  options: { directory: boolean },
) => RuleSource | undefined;

/** What applies to the names in one directory. */
export type IgnoreLevel = {
  /** The source that excludes the directory itself: then all in it, whatever else says. */
  excludedBy: RuleSource | undefined;
  sources: readonly CompiledSource[];
};

/** A source, ready to be asked. */
export type CompiledSource = {
  source: RuleSource;
  /** Patterns of plain names, by name, the last first; most patterns are such. */
  names: ReadonlyMap<string, readonly Ranked[]>;
  /** All others, the last first. */
  others: readonly Ranked[];
  /** What names look like that any of the patterns matches. */
  hints: readonly NameHint[];
};

type Ranked = IgnorePattern & { rank: number };

/**
 * Layers gitignore sources as git does: the last source wins that says anything, in it the last line
 * that does; `!` takes in again; what is inside an excluded directory stays out.
 *
 * Not the npm package `ignore`: it decides about parents by itself, so that one source could not take
 * in a directory that an earlier one excludes, and it remembers every path it was asked about.
 */
export function createIgnoreMatcher(rules: TreeRules): IgnoreMatcher {
  const compiled = rules.map(compileSource);
  const root: IgnoreLevel = { excludedBy: undefined, sources: sourcesAt(compiled, "") };
  const nested = new Set(rules.map(({ base }) => base));
  // The directory asked about last, from the root down: paths mostly come in the order of a walk.
  const stack: { dir: string; level: IgnoreLevel }[] = [{ dir: "", level: root }];

  function levelOf(dir: string): IgnoreLevel {
    while (!isBelow(dir, stack.at(-1)!.dir)) stack.pop();
    for (let top = stack.at(-1)!; top.dir.length < dir.length; top = stack.at(-1)!) {
      const from = top.dir === "" ? 0 : top.dir.length + 1;
      const slash = dir.indexOf("/", from);
      const name = dir.slice(from, slash < 0 ? undefined : slash);
      const next = top.dir === "" ? name : `${top.dir}/${name}`;
      const excludedBy = findSource(top.level, { path: next, name, directory: true });
      const sources = nested.has(next) ? sourcesAt(compiled, next) : top.level.sources;
      stack.push({ dir: next, level: { excludedBy, sources } });
    }
    return stack.at(-1)!.level;
  }

  return (path, { directory }) => {
    const slash = path.lastIndexOf("/");
    const level = levelOf(slash < 0 ? "" : path.slice(0, slash));
    return findSource(level, { path, name: path.slice(slash + 1), directory });
  };
}

/** The source that excludes a path of a directory, as {@link IgnoreMatcher} answers. */
export function findSource(
  level: IgnoreLevel,
  asked: { path: string; name: string; directory: boolean },
): RuleSource | undefined {
  if (level.excludedBy !== undefined) return level.excludedBy;
  const { sources } = level;
  // Globs match bytes; nearly all paths are ASCII, and their bytes are their characters.
  const bytes = toByteText(asked.path);
  const text = bytes === asked.path ? asked : { path: bytes, name: toByteText(asked.name) };
  for (let at = sources.length - 1; at >= 0; at--) {
    const compiled = sources[at]!;
    const pattern = findPattern(compiled, asked, { text });
    if (pattern !== undefined) return pattern.negative ? undefined : compiled.source;
  }
  return undefined;
}

/** Reads a source once, to be asked often. */
export function compileSource(source: RuleSource): CompiledSource {
  const names = new Map<string, Ranked[]>();
  const others: Ranked[] = [];
  const patterns = parseIgnoreFile(source.text).map((pattern, rank) => ({ ...pattern, rank }));
  for (const pattern of patterns.reverse()) {
    const { match } = pattern;
    if (match.on !== "name" || match.by !== "text") others.push(pattern);
    else if (names.has(match.text)) names.get(match.text)!.push(pattern);
    else names.set(match.text, [pattern]);
  }
  return { source, names, others, hints: patterns.map(({ match }) => hintOf(match)) };
}

/**
 * Whether a source may say anything about a name: false for nearly all names there are, in a tenth of
 * the time that asking takes.
 */
export function mayMatch(sources: readonly CompiledSource[], name: string): boolean {
  return sources.some(({ hints }) => isLikeAny(hints, name));
}

function sourcesAt(compiled: readonly CompiledSource[], dir: string): CompiledSource[] {
  return compiled.filter(({ source }) => isBelow(dir, source.base));
}

function isBelow(dir: string, base: string): boolean {
  return base === "" || dir === base || (dir.startsWith(base) && dir[base.length] === "/");
}

function findPattern(
  { source, names, others }: CompiledSource,
  { path, name, directory }: { path: string; name: string; directory: boolean },
  { text }: { text: { path: string; name: string } },
): Ranked | undefined {
  const plain = names.get(name)?.find((pattern) => directory || !pattern.directory);
  const least = plain === undefined ? -1 : plain.rank;
  const { base, under } = source;
  for (const pattern of others) {
    if (pattern.rank < least) break;
    if (pattern.directory && !directory) continue;
    if (isMatch(pattern.match, { path, name, base, under, text })) return pattern;
  }
  return plain;
}

type Asked = {
  path: string;
  name: string;
  base: string;
  under: string | undefined;
  /** The path and the name by their bytes. */
  text: { path: string; name: string };
};

function isMatch(match: PatternMatch, at: Asked): boolean {
  const { path, name, base, under, text } = at;
  switch (match.by) {
    case "ending":
      return name.endsWith(match.ending);
    case "text":
      if (match.on === "name") return name === match.text;
      if (under !== undefined) return `${under}/${path}` === match.text;
      return base === "" ? path === match.text : path === `${base}/${match.text}`;
    case "glob":
      if (match.on === "name") return isGlobMatch(match.glob, text.name);
      if (under !== undefined) return isGlobMatch(match.glob, `${toByteText(under)}/${text.path}`);
      if (base === "") return isGlobMatch(match.glob, text.path);
      return isGlobMatch(match.glob, text.path.slice(toByteText(base).length + 1));
    default: {
      const never: never = match;
      throw new Error(`Unreachable case: ${JSON.stringify(never)}`);
    }
  }
}
