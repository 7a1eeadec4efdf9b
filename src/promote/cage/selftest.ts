import { EXIT, UserError } from "../../errors.ts";
import { PLACEHOLDER_PREFIX } from "../../policy/protocol.ts";
import { lookAtPromoted } from "./look.ts";
import { tryLook } from "./run.ts";
import { findRunning, type PromoteSite } from "./site.ts";

/** One thing that a cage promises, as it was found. */
export type Proof = { what: string; holds: boolean; found?: string };

/** What a script inside prints, by section. */
export type InsideFacts = Readonly<Record<string, string>>;

/** What is compared with what is found inside. */
export type HostFacts = {
  uid: number;
  ghost: { name: string; email: string };
  /** Words that must be nowhere inside: the user's name, paths, mail, and the tool's own name. */
  marks: readonly string[];
};

/** Upper bound of the script inside, in milliseconds. */
const SCRIPT_MS = 60_000;

/** It takes nothing from the host: what must not be inside is looked for outside. */
const SCRIPT = `say() { printf '\\036%s\\n' "$1"; }
say uid; id -u
say owners; find /work/project -not -uid "$(id -u)" | head -3
say keys; ls -A ~/.ssh ~/.gnupg 2>/dev/null
say socket; ls /var/run/docker.sock /run/docker.sock 2>/dev/null
say remotes; git -C /work/project remote
say who; git -C /work/project config user.name; git -C /work/project config user.email
say signs; git -C /work/project config commit.gpgsign
say work; (
  set -e; dir=$(mktemp -d); cd "$dir"; git init -q -b main .
  echo a > a; git add a; git commit -qm a; git switch -qc side; echo b > b; git add b; git commit -qm b
  git switch -q main; echo c > c; git add c; git commit -qm c; git merge -q --no-ff -m merge side
  git log --format=%ae | sort -u; rm -rf "$dir"
) 2>&1
say secrets; env | grep -E '^[^=]*(TOKEN|SECRET|PASSWORD|API_KEY|CREDENTIAL)[^=]*=' | grep -v '=${PLACEHOLDER_PREFIX}' | cut -d= -f1
say traces; env; hostname; cat /proc/self/mountinfo /proc/1/environ | tr '\\000' '\\n'
git -C /work/project config --list --show-origin; cat /etc/hostname ~/.gitconfig 2>/dev/null
say end
`;

/**
 * Proves on this machine what a running cage promises: who the agent is, what it has not, that it can
 * work, and that its commits can be fetched. Changes nothing of the project's.
 *
 * @throws {UserError} If nothing runs in it.
 */
export async function proveCage(
  site: PromoteSite,
  options: { signal?: AbortSignal | undefined } = {},
): Promise<Proof[]> {
  const { copy, engine, host } = site;
  const container = await findRunning(site);
  if (container === undefined) {
    throw new UserError(`Nothing runs in "${copy.name}"`, {
      hint: `Start it: sandcage start ${copy.name}`,
      exit: EXIT.failed,
    });
  }
  const { stdout } = await engine.docker(["exec", "--interactive", container, "sh"], {
    stdin: SCRIPT,
    timeoutMs: SCRIPT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const { pin, ghost, identity } = copy.promote;
  const facts: HostFacts = {
    uid: copy.user.uid,
    ghost,
    // Short words and those of every container would be found anywhere.
    marks: ["sandcage", host.user.name, host.home, pin.worktree, identity.name, identity.email]
      .filter((mark) => mark.length > 3 && mark !== "root" && mark !== "/root"),
  };
  const proofs = judgeInside(parseSections(stdout), facts);
  const outcome = await tryLook(() => lookAtPromoted(site, { ...options, act: "tell" }));
  return [...proofs, {
    what: "its commits can be fetched",
    holds: outcome.kind !== "failed",
    ...(outcome.kind === "failed" ? { found: outcome.failure.text } : {}),
  }];
}

/** Reads what the script printed. Pure. */
export function parseSections(text: string): InsideFacts {
  return Object.fromEntries(
    text.split("\x1e").slice(1).map((section) => {
      const cut = section.indexOf("\n");
      return [section.slice(0, cut), section.slice(cut + 1).trim()];
    }),
  );
}

/** Compares what is inside with what should be. What was not printed does not hold. Pure. */
export function judgeInside(inside: InsideFacts, { uid, ghost, marks }: HostFacts): Proof[] {
  const prove = (what: string, section: string, isRight: (text: string) => boolean): Proof => {
    const text = inside[section];
    if (text === undefined) return { what, holds: false, found: "it did not say" };
    const holds = isRight(text);
    return { what, holds, ...(holds ? {} : { found: text.split("\n").slice(0, 3).join("; ") }) };
  };
  const isEmpty = (text: string) => text === "";
  const traces = inside.traces?.toLowerCase();
  const told = marks.filter((mark) => traces?.includes(mark.toLowerCase()));
  return [
    prove(
      "the agent is a user that this machine does not have",
      "uid",
      (text) => text === String(uid),
    ),
    prove("its files are its own", "owners", isEmpty),
    prove("no keys of SSH or GPG", "keys", isEmpty),
    prove("no socket of the engine", "socket", isEmpty),
    prove("the repository leads nowhere", "remotes", isEmpty),
    prove(
      "it commits as nobody in particular",
      "who",
      (text) => text === `${ghost.name}\n${ghost.email}`,
    ),
    prove("it signs nothing", "signs", (text) => text === "false"),
    prove("commits, branches and merges work", "work", (text) => text === ghost.email),
    prove("no secret among its variables", "secrets", isEmpty),
    {
      what: "nothing names you, your paths or the tool",
      holds: traces !== undefined && told.length === 0,
      ...(told.length === 0 ? {} : { found: told.join(", ") }),
    },
    prove("all of it was looked at", "end", isEmpty),
  ];
}
