import type { Case } from "../case.ts";

const SUITE = "acp";

/** What an agent can do to the editor that speaks with it, and to the machine of that. */
export const ACP_CASES: readonly Case[] = [
  {
    id: "R01",
    suite: SUITE,
    title: "what an editor and an agent say passes byte for byte, and every end leaves nothing",
    threat:
      "a byte of the relay's own, or one that is lost, breaks the protocol; an agent goes on " +
      "without its editor",
    expectation:
      "10 MB in one line, cut characters, noise, a half-closed end and the exit code as directly " +
      "from the agent; SIGINT and SIGTERM end it; no container stays",
    source: "zed#45165, membrane",
    brokenBy: "lines are read as text",
    quick: false,
  },
  {
    id: "R02",
    suite: SUITE,
    title: "an agent gets no command and no file of the editor's machine",
    threat: "the editor runs a command or writes a file outside of the cage for the agent",
    expectation:
      "the terminal is not offered, requests for it and for files that are not in the cage never " +
      "reach the editor; those for files of the project do",
    source: "the protocol's own terminal and fs methods",
    brokenBy: "the editor's terminal is lent",
    quick: false,
  },
  {
    id: "R03",
    suite: SUITE,
    title: "no session opens in a directory that is not in the cage, a missing tool is told",
    threat: "an agent works in an empty directory, or without the tools that guard its work",
    expectation: "refused with what to do, before the agent hears of it; one in the project opens",
    source: "the protocol's cwd and mcpServers",
    brokenBy: "sessions open anywhere",
    quick: false,
  },
  {
    id: "R11",
    suite: SUITE,
    title: "no spelling of a message brings through what is refused",
    threat:
      "relay and editor read one line differently: keys twice, escapes, lines too long to hold",
    expectation: "no reading of what reaches the editor asks for the file; harmless ones pass",
    source: "own: request smuggling, for JSON",
    brokenBy: "the first of two methods counts",
    quick: false,
  },
  {
    id: "R12",
    suite: SUITE,
    title: "no link in the project leads the editor to a file outside",
    threat:
      "the agent makes a link, and the editor, which follows it, reads a key or writes a hook",
    expectation: "refused with every link resolved, also where it leads to nothing yet; a link " +
      "within the project passes",
    source: "own: the editor has the user's rights",
    brokenBy: "links are not followed",
    quick: false,
  },
  {
    id: "R13",
    suite: SUITE,
    title: "what an agent calls things is told without acting on the terminal",
    threat: "a method or path with an escape in it rewrites what the user reads about the refusal",
    expectation: "no control character in what is said, and the word is told",
    source: "own: names are the agent's",
    brokenBy: "words are told as they are",
    quick: false,
  },
];
