import { openExec } from "../../engine/exec.ts";
import { INSIDE } from "../../names.ts";
import type { Watch, Watched } from "../daemon.ts";
import type { PromoteRecord } from "../record.ts";
import type { Pin } from "../types.ts";
import { findRunning, type PromoteSite } from "./site.ts";

/**
 * Tells when a branch may have moved, a line each time; ends with its input. It reads two small files
 * five times a second, which costs less than a thousandth of a processor, and starts no program.
 * Where other branches come out too, it reads all there are.
 */
const SCRIPT = `
my ($dir, $branch, $all) = @ARGV;
sub heads {
  my ($at, $deep) = @_;
  opendir(my $h, $at) or return "";
  join ",", map {
    my $p = "$at/$_";
    if (-l $p || $deep > 9) { "" } elsif (-d $p) { heads($p, $deep + 1) }
    else { my $t = ""; if (open my $f, "<", $p) { $t = <$f> // ""; close $f } "$_ $t" }
  } sort grep { !/^[.]/ } readdir $h;
}
my $last = "";
$| = 1;
for (;;) {
  my $now = join ",", map { my @s = stat "$dir/$_"; @s ? "$s[1] $s[7] $s[9]" : "" } "packed-refs", "HEAD", "reftable", "reftable/tables.list";
  if ($all) { $now .= heads("$dir/refs/heads", 0) }
  elsif (open my $f, "<", "$dir/refs/heads/$branch") { $now .= <$f> // ""; close $f }
  if ($now ne $last) { print "\\n" or exit; $last = $now }
  my $in = "\\1";
  exit if select($in, undef, undef, 0.2) && !sysread(STDIN, my $byte, 1);
}
`;

/**
 * Plans the program that watches the branches of a repository. Pure.
 *
 * @param options.gitDir Its git directory, as the program sees it.
 */
export function planWatchCommand(
  { promote }: { promote: Pick<PromoteRecord, "branches"> & { pin: Pick<Pin, "innerBranch"> } },
  options: { gitDir: string },
): string[] {
  const all = (promote.branches ?? []).length > 0 ? ["all"] : [];
  return ["perl", "-e", SCRIPT, options.gitDir, promote.pin.innerBranch, ...all];
}

/** Opens a watch in what runs in a cage. */
export async function openPromoteWatch(site: PromoteSite): Promise<Watched> {
  let container: string | undefined;
  try {
    container = await findRunning(site);
  } catch {
    return { kind: "blind" };
  }
  if (container === undefined) return { kind: "nothing-runs" };
  try {
    const streams = await openExec(site.engine, {
      container,
      command: planWatchCommand(site.copy, { gitDir: `${INSIDE.workProject}/.git` }),
    });
    // The first line says that it watches.
    if (await streams.read() === undefined) {
      await streams.close();
      return { kind: "blind" };
    }
    const watch: Watch = {
      next: () =>
        streams.read().then(
          (bytes) => bytes === undefined ? "ended" : "changed",
          () => "ended",
        ),
      close: () => streams.close(),
    };
    return { kind: "watch", watch };
  } catch {
    // It went in this moment, or has no perl.
    return { kind: "blind" };
  }
}
