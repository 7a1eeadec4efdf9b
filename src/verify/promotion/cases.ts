import type { Case } from "../case.ts";

const SUITE = "promotion";

/** What an agent can do to the user on whose branch its commits land. */
export const PROMOTION_CASES: readonly Case[] = [
  {
    id: "P01",
    suite: SUITE,
    title: "commits land byte for byte, and only whose they are is another",
    threat: "what lands is not what the agent made and the user reviews, or carries its name",
    expectation:
      "trees, messages, dates, headers and shape are equal, author and committer are the user, " +
      "made again they have the same ids; every kind of commit is among them",
    source: "Alcatrazer",
    brokenBy: "messages are tidied up",
    quick: false,
  },
  {
    id: "P02",
    suite: SUITE,
    title: "nothing of yours is written over, and no path leads out of the project",
    threat: "commits replace files that are changed, untracked or ignored, or write through a link",
    expectation:
      "refused, held or paused with branch, index and files as they were; they land by " +
      "themselves once the cause is gone",
    source: "Alcatrazer",
    brokenBy: "untracked files are in nobody's way",
    quick: false,
  },
  {
    id: "P04",
    suite: SUITE,
    title: "history that is rewritten inside never rewrites your branch",
    threat: "an amend or a rebase of the agent's takes away what has landed and was reviewed",
    expectation:
      "the branch stays, the commits come on a branch of their own; what goes on from there lands",
    source: "own idea of the list",
    brokenBy: "rewritten history counts as new",
    quick: false,
  },
  {
    id: "P11",
    suite: SUITE,
    title: "no hook, filter or setting that commits bring runs on this machine",
    threat:
      "hooks that a project keeps among its files (core.hooksPath), filters that attributes " +
      "name and settings of the repository inside run the moment commits land",
    expectation: "no canary while they land; git itself fires each of them afterwards",
    source: "own: hooks that are files of the project",
    brokenBy: "hooks of the project run",
    quick: false,
  },
  {
    id: "P12",
    suite: SUITE,
    title: "a commit that fills memory is turned away, and nothing of it stays",
    threat: "one object as large as memory ends whatever reads it, with each look again",
    expectation: "refused before it is in the repository, nothing is left; the next commit lands",
    source: "own: what is unpacked is larger than what arrives",
    brokenBy: "commits have no size",
    quick: false,
  },
  {
    id: "P13",
    suite: SUITE,
    title: "no ref that the agent makes becomes one of yours",
    threat: "tags, replacements and branches of yours are made by whoever names them inside",
    expectation: "besides the branch that is promoted only what the user asks for comes about",
    source: "own: refs/replace changes what a commit is",
    brokenBy: "every branch comes out",
    quick: false,
  },
  {
    id: "P14",
    suite: SUITE,
    title: "what goes in holds no history, other branch, remote, credential or .env of yours",
    threat: "the repository inside tells what was removed long ago, and whom to log in as",
    expectation: "none of the marks is in its objects, files or settings; that of a file that is " +
      "committed is",
    source: "Alcatrazer",
    brokenBy: "environment files go in",
    quick: false,
  },
  {
    id: "P15",
    suite: SUITE,
    title: "names in commits are told without acting on the terminal",
    threat: "an escape in a file's name changes what the user reads before saying yes",
    expectation: "what promote and status print has no control character, and the name is told",
    source: "own: names are bytes",
    brokenBy: "names are told as they are",
    quick: false,
  },
];
