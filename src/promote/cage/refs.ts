import type { CageContext } from "../../cage/prepare.ts";
import { recordedProject } from "../../project/root.ts";
import { createGit } from "../git.ts";
import type { CopyRecord } from "../../copy/record.ts";

/**
 * Removes what a cage keeps in the user's repository: its own refs, and nothing else. What has landed
 * and the branches it was taken on stay.
 */
export async function forgetPromoted(
  copy: Pick<CopyRecord, "id" | "roots">,
  { host }: Pick<CageContext, "host">,
): Promise<void> {
  const { gitDir, path } = await recordedProject(copy.roots[0]!.hostPath);
  if (gitDir === undefined) return;
  const git = createGit({ gitDir, worktree: path, env: host.env });
  const prefix = `refs/sandcage/${copy.id}/`;
  const { code, stdout } = await git.run(["for-each-ref", "--format=%(refname)", prefix]);
  const names = new TextDecoder().decode(stdout).split("\n").filter((name) => name !== "");
  if (code !== 0 || names.length === 0) return;
  const lines = names.map((name) => `delete ${name}\n`).join("");
  await git.read(["update-ref", "--no-deref", "--stdin"], {
    what: "Cannot remove the refs of a cage",
    stdin: new TextEncoder().encode(lines),
  });
}
