// Generated from the files in src/courier and src/tree by: deno run -A tools/generate.ts
// deno-fmt-ignore-file
import file0 from "../courier/archive_header.ts" with { type: "text" };
import file1 from "../courier/archive_read.ts" with { type: "text" };
import file2 from "../courier/archive_write.ts" with { type: "text" };
import file3 from "../courier/change.ts" with { type: "text" };
import file4 from "../courier/checkpoint.ts" with { type: "text" };
import file5 from "../courier/fill.ts" with { type: "text" };
import file6 from "../courier/git_archive.ts" with { type: "text" };
import file7 from "../courier/hash.ts" with { type: "text" };
import file8 from "../courier/lease.ts" with { type: "text" };
import file9 from "../courier/limits.ts" with { type: "text" };
import file10 from "../courier/link.ts" with { type: "text" };
import file11 from "../courier/main.ts" with { type: "text" };
import file12 from "../courier/node_fs.ts" with { type: "text" };
import file13 from "../courier/own.ts" with { type: "text" };
import file14 from "../courier/place.ts" with { type: "text" };
import file15 from "../courier/raw_fs.ts" with { type: "text" };
import file16 from "../courier/refusal.ts" with { type: "text" };
import file17 from "../courier/restore_swap.ts" with { type: "text" };
import file18 from "../courier/serve.ts" with { type: "text" };
import file19 from "../courier/streams.ts" with { type: "text" };
import file20 from "../courier/wait.ts" with { type: "text" };
import file21 from "../tree/commit.ts" with { type: "text" };
import file22 from "../tree/dir_digest.ts" with { type: "text" };
import file23 from "../tree/entry.ts" with { type: "text" };
import file24 from "../tree/folds.ts" with { type: "text" };
import file25 from "../tree/frames.ts" with { type: "text" };
import file26 from "../tree/fs.ts" with { type: "text" };
import file27 from "../tree/ignore_pattern.ts" with { type: "text" };
import file28 from "../tree/ignore_rules.ts" with { type: "text" };
import file29 from "../tree/journal.ts" with { type: "text" };
import file30 from "../tree/link_target.ts" with { type: "text" };
import file31 from "../tree/name_hint.ts" with { type: "text" };
import file32 from "../tree/path_table.ts" with { type: "text" };
import file33 from "../tree/paths.ts" with { type: "text" };
import file34 from "../tree/recover.ts" with { type: "text" };
import file35 from "../tree/remove_tree.ts" with { type: "text" };
import file36 from "../tree/rules.ts" with { type: "text" };
import file37 from "../tree/scan.ts" with { type: "text" };
import file38 from "../tree/sha256.ts" with { type: "text" };
import file39 from "../tree/small_file.ts" with { type: "text" };
import file40 from "../tree/stage.ts" with { type: "text" };
import file41 from "../tree/stage_dir.ts" with { type: "text" };
import file42 from "../tree/step.ts" with { type: "text" };
import file43 from "../tree/tar_entry.ts" with { type: "text" };
import file44 from "../tree/tar_fields.ts" with { type: "text" };
import file45 from "../tree/tar_header.ts" with { type: "text" };
import file46 from "../tree/tar_pack.ts" with { type: "text" };
import file47 from "../tree/tar_read.ts" with { type: "text" };
import file48 from "../tree/tar_records.ts" with { type: "text" };
import file49 from "../tree/tar_refused.ts" with { type: "text" };
import file50 from "../tree/tar_write.ts" with { type: "text" };
import file51 from "../tree/visible.ts" with { type: "text" };
import file52 from "../tree/walk.ts" with { type: "text" };
import file53 from "../tree/walk_item.ts" with { type: "text" };

/** What the courier is bundled from inside its image, by path in the repository. */
export const COURIER_SOURCES: Readonly<Record<string, string>> = {
  "src/courier/archive_header.ts": file0,
  "src/courier/archive_read.ts": file1,
  "src/courier/archive_write.ts": file2,
  "src/courier/change.ts": file3,
  "src/courier/checkpoint.ts": file4,
  "src/courier/fill.ts": file5,
  "src/courier/git_archive.ts": file6,
  "src/courier/hash.ts": file7,
  "src/courier/lease.ts": file8,
  "src/courier/limits.ts": file9,
  "src/courier/link.ts": file10,
  "src/courier/main.ts": file11,
  "src/courier/node_fs.ts": file12,
  "src/courier/own.ts": file13,
  "src/courier/place.ts": file14,
  "src/courier/raw_fs.ts": file15,
  "src/courier/refusal.ts": file16,
  "src/courier/restore_swap.ts": file17,
  "src/courier/serve.ts": file18,
  "src/courier/streams.ts": file19,
  "src/courier/wait.ts": file20,
  "src/tree/commit.ts": file21,
  "src/tree/dir_digest.ts": file22,
  "src/tree/entry.ts": file23,
  "src/tree/folds.ts": file24,
  "src/tree/frames.ts": file25,
  "src/tree/fs.ts": file26,
  "src/tree/ignore_pattern.ts": file27,
  "src/tree/ignore_rules.ts": file28,
  "src/tree/journal.ts": file29,
  "src/tree/link_target.ts": file30,
  "src/tree/name_hint.ts": file31,
  "src/tree/path_table.ts": file32,
  "src/tree/paths.ts": file33,
  "src/tree/recover.ts": file34,
  "src/tree/remove_tree.ts": file35,
  "src/tree/rules.ts": file36,
  "src/tree/scan.ts": file37,
  "src/tree/sha256.ts": file38,
  "src/tree/small_file.ts": file39,
  "src/tree/stage.ts": file40,
  "src/tree/stage_dir.ts": file41,
  "src/tree/step.ts": file42,
  "src/tree/tar_entry.ts": file43,
  "src/tree/tar_fields.ts": file44,
  "src/tree/tar_header.ts": file45,
  "src/tree/tar_pack.ts": file46,
  "src/tree/tar_read.ts": file47,
  "src/tree/tar_records.ts": file48,
  "src/tree/tar_refused.ts": file49,
  "src/tree/tar_write.ts": file50,
  "src/tree/visible.ts": file51,
  "src/tree/walk.ts": file52,
  "src/tree/walk_item.ts": file53,
};
