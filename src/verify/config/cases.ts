import type { Case } from "../case.ts";

const SUITE = "config";
const OURS = "sandcage";

/** What a repository may ask of the tool that runs an agent in it. */
export const CONFIG_CASES: readonly Case[] = [
  {
    id: "X01",
    suite: SUITE,
    title: "no project file reaches the engine's arguments, host paths or your keys",
    threat: "a repository that is cloned and opened hands its author the machine",
    expectation:
      "each file refused without a yes of the user's, the root, sockets and keys whatever the answer; one that only tightens applies",
    source: "agentcage, tjor",
    brokenBy: "a project's mounts need no trust",
    quick: true,
  },
  {
    id: "X02",
    suite: SUITE,
    title: "home, root, keys and the tool's own state are no projects",
    threat: "one careless cd, and an agent has everything",
    expectation:
      "each refused, also where a repository reaches up to them or a planted .git leads there; an ordinary directory accepted",
    source: "tjor",
    brokenBy: "every directory is a project",
    quick: true,
  },
  {
    id: "X03",
    suite: SUITE,
    title: "no project file changes what runs beside an agent's login",
    threat: "a command of the attacker's runs where the agent's token is",
    expectation: "commands, arguments, packages, set-up lines and images refused without a yes",
    source: OURS,
    brokenBy: "a project's commands need no trust",
    quick: true,
  },
  {
    id: "X04",
    suite: SUITE,
    title: "no project file opens the network or moves a key",
    threat: "a host more in the policy is a way out for everything the agent reads",
    expectation: "hosts, modes, secrets, SSH and ports refused without a yes",
    source: OURS,
    brokenBy: "a project's network needs no trust",
    quick: true,
  },
  {
    id: "X05",
    suite: SUITE,
    title: "a yes is for what was shown, and for nothing that comes later",
    threat: "what was trusted once is changed by the next pull",
    expectation: "one line more is asked for again; what was granted still applies",
    source: "agentcage",
    brokenBy: "trust is for the key, not for what it says",
    quick: true,
  },
  {
    id: "X06",
    suite: SUITE,
    title: "what a project file says cannot act on the terminal",
    threat: "an escape sequence in a key hides what is asked, or types for the user",
    expectation: "messages name it without a control character",
    source: OURS,
    brokenBy: "words are shown as they are",
    quick: true,
  },
];
