import type { EngineFlavor } from "../../engine/engine.ts";

/** What must not be found inside: each is the text of one file, and of one name. */
export const MARKS = {
  "a hidden file": "mark-of-a-file",
  "a hidden directory": "mark-of-a-directory",
  "a name in a hidden directory": "mark-of-a-name",
  "a hidden file deep in the project": "mark-of-a-nested-file",
  "a hidden file of a plain path": "mark-of-a-plain-path",
  "a hidden file in a read-only directory": "mark-of-a-pinned-secret",
  "a hidden file with an odd name": "mark-of-an-odd-name",
  "what a hidden link leads to": "mark-of-a-target",
} as const;

/** What must be found inside, in a file and through a link to it. */
export const VISIBLE = "mark-of-a-visible-file";

/** What names of files are written and made with; see mounted.sh. */
export const SCRIBBLE = "scribble-of-";

/** What the agent may write, and what it then holds. */
export const WRITABLE = { path: "free.txt", text: "theirs\n" };

/** What of git's the agent may write. */
export const WORKING = { path: ".git/COMMIT_EDITMSG", text: "theirs\n" };

/** What it may make besides. */
export const MAY_APPEAR = [WORKING.path, "seen", "stop"];

/** The hidden file that its user saves while a session runs: by a rename, as editors do. */
export const SAVED = { path: ".env", text: "saved anew\n" };

/** A project as its user left it, and what of it must not reach an agent. */
export type MountedProject = {
  files: Readonly<Record<string, string>>;
  /** Targets by path. */
  links: Readonly<Record<string, string>>;
  hide: readonly string[];
  readonly: readonly string[];
};

/** Everything that a name can hold, as far as the engine takes it. */
function oddName(flavor: EngineFlavor): string {
  const plain = "it's $HOME ${x} #%25 ünï-日本";
  return flavor === "podman" ? plain : `${plain} "a",b=c:d\\e\nf`;
}

/** Plans the project. Pure. */
export function planMountedProject(flavor: EngineFlavor): MountedProject {
  const texts = {
    [SAVED.path]: MARKS["a hidden file"],
    "secrets/deep/key": MARKS["a hidden directory"],
    [`secrets/${MARKS["a name in a hidden directory"]}`]: "x",
    "app/config/key.pem": MARKS["a hidden file deep in the project"],
    "sub/plain/key": MARKS["a hidden file of a plain path"],
    "locked/tls.pem": MARKS["a hidden file in a read-only directory"],
    [`${oddName(flavor)}.pem`]: MARKS["a hidden file with an odd name"],
    "led-to.txt": MARKS["what a hidden link leads to"],
    "visible.txt": VISIBLE,
    "locked/file": "mine",
    "pinned.txt": "mine",
    [WRITABLE.path]: "mine",
    ".git/HEAD": "ref: refs/heads/main",
    ".git/config": "[core]\n\tbare = false",
    ".git/hooks/pre-commit": "#!/bin/sh",
    ".git/objects/info/packs": "",
    ".git/refs/heads/.keep": "",
  };
  return {
    files: Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, `${text}\n`])),
    links: {
      "link": SAVED.path,
      "link-in": "secrets/deep/key",
      "link-free": "visible.txt",
      "alias.pem": "led-to.txt",
    },
    // The last one is of a file that is not there.
    hide: [SAVED.path, "secrets/", "*.pem", "/sub/plain/key", "/absent.key"],
    readonly: ["locked/", "/pinned.txt"],
  };
}
