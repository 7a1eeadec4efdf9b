import type { Finding } from "../case.ts";
import { type HostTree, textOf } from "./landing.ts";

/** What came of a copy whose agent did its worst. */
export type Landing = {
  /** What `diff`, `diff --full` and the refused `export` printed, both streams. */
  shown: string;
  /** Exit code of the export that nobody had agreed to, and what was there after it. */
  unasked: { code: number; text: string; tree: HostTree };
  /** Exit code of the export that was agreed to. */
  code: number;
  /** The project before anything came, and after everything had. */
  before: HostTree;
  after: HostTree;
  /** A directory beside the project. */
  outside: HostTree;
  /** Whether the program that was planted for git ran, inside and here. */
  canary: { inside: boolean; host: boolean };
};

const CONTROL = "theirs\n";

/** An ordinary file of the same export came: what did not come was refused. */
function isControl({ code, after }: Landing): boolean {
  return code === 0 && textOf(after, "free.txt") === CONTROL;
}

/** Links lead nowhere but inside, and nothing is written or read through one. Pure. */
export function judgeLinks(landing: Landing): Finding {
  const { after, outside } = landing;
  const good = after.get("good");
  const evidence = [
    ...[...after].flatMap(([path, entry]) =>
      entry.kind === "link" && path !== "good" ? [`"${path}" leads to ${entry.target}`] : []
    ),
    ...(textOf(after, "replaced/file") === "mine\n" && textOf(after, "plain") === "mine\n"
      ? []
      : ["a link took the place of what was there"]),
    ...(outside.size === 1 && textOf(outside, "file") === "untouched\n"
      ? []
      : ["something outside the project was changed"]),
  ];
  return {
    held: evidence.length === 0,
    control: isControl(landing) && good?.kind === "link" && good.target === "dir/file",
    seen: "7 links out refused, one inside came",
    evidence,
  };
}

/** What a terminal acts on, what turns text around, and the second line of a name that has two. */
// deno-lint-ignore no-control-regex
const ACTING = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|^line\b/m;

/** Nothing special, nothing of git's, no name that acts. Pure. */
export function judgeNames(landing: Landing): Finding {
  const { after, shown } = landing;
  const evidence = [...after].flatMap(([path, entry]) => {
    const told: string[] = [];
    if (entry.kind === "other") told.push(`"${path}" is no ordinary file`);
    if (entry.kind === "file" && (entry.mode & 0o6000) !== 0) told.push(`"${path}" is setuid`);
    if (entry.kind === "file" && entry.links > 1) told.push(`"${path}" has another name`);
    if (path.split("/").some(isGitName)) told.push(`"${path}" is git's`);
    return told;
  });
  if (ACTING.test(shown)) evidence.push("a name or a text acted on the terminal");
  const isShown = ["come", "stay", "ask", "text"].every((part) => shown.includes(`esc-${part}`));
  return {
    held: evidence.length === 0,
    control: isControl(landing) && isShown && textOf(after, "-rf") === "dash\n" &&
      after.has("new\nline"),
    seen: "pipes, setuid, hard links, names of git's refused or neutral",
    evidence,
  };
}

function isGitName(name: string): boolean {
  return /^(\.git|git~1)$/i.test(name);
}

/** What the user's rules name stays, also with `--delete`. Pure. */
export function judgeRules(landing: Landing): Finding {
  const { after } = landing;
  const evidence = ["mine.md", "ignored.log"]
    .filter((path) => textOf(after, path) !== "mine\n")
    .map((path) => `"${path}" was replaced or removed`);
  return {
    held: evidence.length === 0,
    control: isControl(landing) && !after.has("removed.txt"),
    seen: "protected and ignored files kept, an ordinary one replaced and one removed",
    evidence,
  };
}

/** What is run or trusted on sight is shown, and comes only with a yes. Pure. */
export function judgeReview(landing: Landing): Finding {
  const { unasked, before } = landing;
  const listed = [
    ...[".claude/settings.json", ".envrc", ".github/workflows/ci.yml", ".vscode/tasks.json"],
    "package.json",
  ];
  const evidence = [
    ...(unasked.code === 0 ? ["it came without a yes"] : []),
    ...listed.filter((path) => !unasked.text.includes(`"${path}": `))
      .map((path) => `"${path}" was not named`),
    ...(JSON.stringify([...unasked.tree]) === JSON.stringify([...before])
      ? []
      : ["something came before anybody agreed"]),
  ];
  return {
    held: evidence.length === 0,
    control: isControl(landing) && !unasked.text.includes('"free.txt": '),
    seen: `${listed.length} files named, nothing came before a yes`,
    evidence,
  };
}

/** What is planted for git runs where it was planted, if anywhere. Pure. */
export function judgeGit({ canary, code }: Landing): Finding {
  return {
    held: !canary.host,
    control: canary.inside && code === 0,
    seen: "git inside ran it, nothing here did",
    evidence: canary.host ? ["a program of the agent's ran on this machine"] : [],
  };
}
