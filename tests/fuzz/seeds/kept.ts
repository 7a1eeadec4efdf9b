/** An input that showed something once; replayed in every run of the unit tests. */
export type Kept = {
  /** Name of the target. */
  target: string;
  /** What was wrong. */
  was: string;
  /** One character for each byte. */
  input: string;
  /** What the reader's own chance is made of, where it matters. */
  draw?: number;
};

const INDEX_HEAD = "DIRC\0\0\0";
const ZEROS = "\0".repeat(80);

/** Everything a campaign has found, as short as it could be made. */
export const KEPT: readonly Kept[] = [
  {
    target: "config/project-yaml",
    was: "an item of a list that says nothing was an internal error",
    input: "mounts:\n-",
  },
  {
    target: "config/project-yaml",
    was: "so was one that was reset",
    input: "mounts:\n- !reset",
  },
  {
    target: "config/project-yaml",
    was: "a line of the file stood in a message as if it were one of ours",
    input: '"\\u\n0"',
  },
  {
    target: "config/env",
    was: "a value that compose takes for a number came out as another one",
    input: "1_000",
  },
  {
    target: "config/env",
    was: "a value that compose takes for a date came out as a time",
    input: "2001-01-01",
  },
  {
    target: "config/env",
    was: "what compose takes for the end of a line came out as a blank",
    input: "a\xc2\x85b",
  },
  {
    target: "config/user-toml",
    was: "a key of many parts was an internal error, and longer ones took all memory",
    input: `${"c.".repeat(4000)}c = 1\n`,
  },
  {
    target: "config/git",
    was: "many backslashes in a repository's configuration took half a minute",
    input: `[core]\n a = ${"\\\\".repeat(40_000)}x`,
  },
  {
    target: "config/git",
    was: "so did a value of many lines, seconds",
    input: `[core]\n a = ${"a\\\n".repeat(80_000)}x`,
  },
  {
    target: "config/env",
    was: "a value of blanks and a line end came out without its blanks",
    input: " \n",
  },
  {
    target: "config/edit-toml",
    was: "a rule was said to be added where a list stood in a table's place",
    input: "network=[]",
  },
  {
    target: "config/edit-toml",
    was: "a text in a list's place was thrown away",
    input: 'network.allow = "a.test"\nnetwork.block = "a.test"\n',
  },
  {
    target: "config/edit-yaml",
    was: "a text in a list's place was thrown away",
    input: "network:\n  allow: a.test\n  block: a.test\n",
  },
  {
    target: "tar/checkpoint",
    was: "a time that is no number came out of a header whose sum is right",
    input: `${"a".repeat(148)}0000000\x000${"\0".repeat(100)}ustar  \0${"\0".repeat(235)}xyz${
      "\0".repeat(9)
    }`,
  },
  {
    target: "tar/checkpoint",
    was: "so did a size below 0",
    input: `${"a".repeat(124)}-1${"\0".repeat(22)}0000000\x000${"\0".repeat(100)}ustar  \0` +
      `${"\0".repeat(235)}000${"\0".repeat(9)}`,
  },
  {
    target: "tar/git-index",
    was: "an index that ends early was an error of the runtime",
    input: `${INDEX_HEAD}\x03aaaaaaaaaaaaaaaaaaaaaaaa`,
  },
  {
    target: "tar/git-index",
    was: "a name without an end led back to the start, as often as the index said",
    input: `${INDEX_HEAD}\x04\xff\xff\xff\xff${"a".repeat(62)}\0${"a".repeat(40)}`,
  },
  {
    target: "tar/git-index",
    was: "so did one of version 2",
    input: `${INDEX_HEAD}\x02\xff\xff\xff\xff${ZEROS}${"a".repeat(80)}`,
  },
  {
    target: "tar/stream",
    was: "the reason of a refusal depended on how a stream was cut",
    input: `${"\0".repeat(1024 + 70_000)}x`,
  },
  {
    target: "mailbox/record",
    was: "a cursor before the start of a file was an error of the disk",
    input: "",
    draw: 2161358414,
  },
  {
    target: "acp/agent-lines",
    was: "a method was passed on that began as a forbidden one and was too long to be kept",
    input: `{"id":1,"method":"terminal/${"x".repeat(16_384)}"}\n`,
  },
  {
    target: "acp/editor-lines",
    was: "capabilities behind a carriage return stayed, and other bytes were replaced",
    input: 'aa\r{"method":"initialize","params":{"capabilities":{"terminal":true}}}\n',
  },
  {
    target: "acp/editor-lines",
    was: "so did those behind one at the start",
    input: '\r{"method":"initialize","params":{"clientCapabilities":{"terminal":true}}}\r\n',
  },
  {
    target: "acp/events",
    was: "a cost that is no number was an internal error where it is shown",
    input: '{"seq":4,"at":"","kind":"done","text":"","usage":{"costUsd":""}}',
  },
];
