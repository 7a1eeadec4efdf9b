import type { Finding } from "../case.ts";
import type { CrossedSide } from "./look.ts";
import { COMMITTED, MARKS, USER } from "./place.ts";

/** Something that must not land, tried once. */
export type Attempt = {
  /** What it was, for people. */
  what: string;
  /** All that is the user's, before and after a look of sandcage's. */
  before: string;
  after: string;
  /** Exit code of that look. */
  code: number;
  /** Paths that stood in the way and were not named. */
  unnamed: readonly string[];
  /** Once its cause was gone, or with the next commit, it landed by itself. */
  resumed: boolean;
};

/** What came of commits whose agent did its worst. */
export type Promotion = {
  /** What git tells inside before anything is made. */
  inside: string;
  crossing: {
    /** Commits as they were made, and as they landed. */
    inner: CrossedSide;
    outer: CrossedSide;
    /** How many were made. */
    made: number;
    /** Ids of the last one: as it landed, and as it came when all were made again. */
    landed: string;
    again: string;
  };
  guarded: readonly Attempt[];
  rewritten: Attempt & {
    /** The commits came on the branch that was asked for. */
    isOffered: boolean;
  };
  hooks: {
    /** While commits landed, something ran here. */
    ran: readonly string[];
    /** It runs where git is asked to: inside, and here by the user. */
    fires: { inside: boolean; hook: boolean; filter: boolean };
    /** A file that a filter has to write. */
    filtered: Attempt;
  };
  bomb: Attempt & {
    /** Of it the user's repository has something. */
    left: readonly string[];
  };
  refs: {
    /** Names of refs that came about. */
    made: readonly string[];
    /** Those that may. */
    allowed: readonly string[];
    /** One that the user asked for. */
    wanted: string;
  };
  /** All that sandcage printed. */
  said: string;
};

/** What lands is what was made, but for whose it is. Pure. */
export function judgeCrossing({ crossing }: Promotion): Finding {
  const { inner, outer, made, landed, again } = crossing;
  const user = `${USER.name} <${USER.email}>`;
  const people = JSON.stringify([`author ${user}`, `committer ${user}`]);
  const evidence = outer.commits.flatMap((commit, at) => {
    const want = inner.commits[at];
    const told = JSON.stringify(commit.people) === people ? [] : ["is not the user's"];
    for (const part of ["message", "parents", "dates", "others"] as const) {
      const isSame = JSON.stringify(commit[part]) === JSON.stringify(want?.[part]);
      if (!isSame) told.push(`has other ${part}`);
    }
    return told.map((words) => `commit ${at + 1} ${words}`);
  });
  if (outer.commits.length !== inner.commits.length) evidence.push("not all of them landed");
  if (outer.changes !== inner.changes) evidence.push("a commit changes other files");
  if (outer.files !== inner.files) evidence.push("the files are others");
  if (landed !== again) evidence.push("made again, the commits have other ids");
  const hasMerge = inner.commits.some(({ parents }) => parents.length > 1);
  return {
    held: evidence.length === 0,
    control: inner.commits.length === made && hasMerge,
    seen: `${outer.commits.length} commits of every kind, the same ids when they are made again`,
    evidence,
  };
}

/** What stands in the way stays, and nothing is written elsewhere. Pure. */
export function judgeGuarded({ guarded }: Promotion): Finding {
  return {
    ...judgeAttempts(guarded),
    seen: `${guarded.length} ways tried, nothing of yours moved, each landed once it could`,
  };
}

/** The branch is never rewritten. Pure. */
export function judgeRewritten({ rewritten }: Promotion): Finding {
  const { held, control, evidence } = judgeAttempts([rewritten]);
  return {
    held,
    control: control && rewritten.isOffered,
    seen: "the branch stayed, an amended commit came on another",
    evidence,
  };
}

/** Nothing runs here that commits bring. Pure. */
export function judgeHooks({ hooks }: Promotion): Finding {
  const { ran, fires, filtered } = hooks;
  const attempt = judgeAttempts([filtered]);
  const evidence = [...ran.map((what) => `${what} ran on this machine`), ...attempt.evidence];
  return {
    held: evidence.length === 0,
    control: attempt.control && fires.inside && fires.hook && fires.filter,
    seen: "hooks and a filter ran inside and by hand, none while commits landed",
    evidence,
  };
}

/** What is too large is turned away whole. Pure. */
export function judgeBomb({ bomb }: Promotion): Finding {
  const { held, control, evidence } = judgeAttempts([bomb]);
  const left = bomb.left.map((what) => `${what} was left`);
  return {
    held: held && left.length === 0,
    control,
    seen: "a commit of 5 MB refused, the next one landed",
    evidence: [...evidence, ...left],
  };
}

/** No ref but those that may. Pure. */
export function judgeRefs({ refs }: Promotion): Finding {
  const evidence = refs.made.filter((name) => !refs.allowed.includes(name))
    .map((name) => `${JSON.stringify(name)} is in your repository`);
  return {
    held: evidence.length === 0,
    control: refs.made.includes(refs.wanted),
    seen: "10 refs made inside, none came; a branch that was asked for did",
    evidence,
  };
}

/** Nothing that is not in the commit goes in. Pure. */
export function judgeInside({ inside }: Promotion): Finding {
  const evidence = Object.values(MARKS).filter((mark) => inside.includes(mark))
    .map((mark) => `${mark} is inside`);
  const user = [USER.name, USER.email].filter((mark) => inside.includes(mark));
  return {
    held: evidence.length + user.length === 0,
    control: inside.includes(COMMITTED),
    seen: `${Object.keys(MARKS).length} marks looked for, none inside`,
    evidence: [...evidence, ...user.map((mark) => `"${mark}" is inside`)],
  };
}

/** What is printed acts on no terminal. Pure. */
export function judgeWords({ said }: Promotion): Finding {
  // deno-lint-ignore no-control-regex
  const isActing = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/.test(said);
  return {
    held: !isActing,
    control: /e[^\n"]{1,4}\[31msc\.txt/.test(said),
    seen: "a name with an escape was told, without a control character",
    evidence: isActing ? ["a name acted on the terminal"] : [],
  };
}

function judgeAttempts(attempts: readonly Attempt[]): Omit<Finding, "seen"> {
  const evidence = attempts.flatMap(({ what, before, after, code, unnamed }) => [
    ...(before === after ? [] : [`${what}: something of yours has changed`]),
    ...(code === 0 ? [`${what}: it was not refused`] : []),
    ...unnamed.map((path) => `${what}: ${JSON.stringify(path)} was not named`),
  ]);
  return {
    held: evidence.length === 0,
    control: attempts.length > 0 && attempts.every(({ resumed }) => resumed),
    evidence,
  };
}
