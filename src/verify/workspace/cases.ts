import type { Case } from "../case.ts";

const SUITE = "workspace";

/** What an agent can do to the machine that takes its work back, or whose files it works on. */
export const WORKSPACE_CASES: readonly Case[] = [
  {
    id: "W01",
    suite: SUITE,
    title: "no link leads out of the work that is brought back",
    threat:
      "an export follows a link of the agent's and writes over, or reads, files of the user's",
    expectation:
      "links that lead out are refused, what they would replace stays; a link inside comes as one",
    source: "sandbox-runtime",
    brokenBy: "links are not looked at",
    quick: false,
  },
  {
    id: "W02",
    suite: SUITE,
    title: "no pipe, setuid file, file of git's or name that acts comes back",
    threat: "a repository inside the repository, or a name with an escape in it, runs for the user",
    expectation: "refused or neutral, shown without a control character; ordinary names come",
    source: "tjor, own idea of the list",
    brokenBy: "git's names are names as others",
    quick: false,
  },
  {
    id: "W03",
    suite: SUITE,
    title: "nothing that is planted for git runs on this machine",
    threat:
      "hooks, fsmonitor and diff programs of the agent's run as the user who looks at its work",
    expectation: "diff and export leave no canary; git inside leaves one",
    source: "fletch#564, tjor",
    brokenBy: "this machine's git looks",
    quick: false,
  },
  {
    id: "W04",
    suite: SUITE,
    title: "what your rules name is neither replaced nor removed",
    threat: "notes, secrets and ignored files are overwritten by what the agent made of them",
    expectation: "kept also with --delete; an ordinary file is replaced, another removed",
    source: "trusty-cage, sandbox-runtime",
    brokenBy: "what .cageprotect names is not kept",
    quick: false,
  },
  {
    id: "W05",
    suite: SUITE,
    title: "what tools run on sight is named before it comes",
    threat: "a task, a hook or an agent's settings run the moment the project is opened",
    expectation: "each named, nothing comes without a yes; an ordinary file is not named",
    source: "sandy#82",
    brokenBy: "nothing is named",
    quick: false,
  },
  {
    id: "W06",
    suite: SUITE,
    title: "what you hide is not there, and what you protect cannot be written",
    threat:
      "an agent reads a secret of a mounted project, or plants what this machine's git runs for you",
    expectation:
      "no hidden text or name is found, no protected file differs, a lost mask ends the session; a visible file is found, an ordinary one written",
    source: "own measurement, cagent",
    brokenBy: "nothing is hidden",
    quick: false,
  },
];
