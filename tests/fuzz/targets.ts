import { ACP_READERS } from "./acp_readers.ts";
import { CONFIG_READERS } from "./config_readers.ts";
import { CONTENT_READERS } from "./content_readers.ts";
import { ENV_READERS } from "./env_readers.ts";
import { GIT_READERS } from "./git_readers.ts";
import { HELLO_READERS } from "./hello_readers.ts";
import { HTTP_READERS } from "./http_readers.ts";
import { MAIL_READERS } from "./mail_readers.ts";
import { PATTERN_READERS } from "./pattern_readers.ts";
import { POLICY_READERS } from "./policy_readers.ts";
import { STREAM_READERS } from "./stream_readers.ts";
import type { Target } from "./target.ts";
import { TREE_READERS } from "./tree_readers.ts";

/** What is fuzzed, by what it reads; a target's name begins with its group's. */
export const GROUPS = ["config", "policy", "dns", "tls", "http", "tar", "mailbox", "acp"] as const;

/** Every reader, in the order of {@link GROUPS}. */
export const TARGETS: readonly Target[] = [
  ...CONFIG_READERS,
  ...POLICY_READERS,
  ...HELLO_READERS,
  ...HTTP_READERS,
  ...CONTENT_READERS,
  ...PATTERN_READERS,
  ...ENV_READERS,
  ...TREE_READERS,
  ...GIT_READERS,
  ...MAIL_READERS,
  ...ACP_READERS,
  ...STREAM_READERS,
].toSorted((one, other) => rankOf(one) - rankOf(other));

/** Targets of a group, or the one of a name; all of them when nothing is asked for. */
export function findTargets(name: string | undefined): readonly Target[] {
  if (name === undefined) return TARGETS;
  return TARGETS.filter((target) => target.name === name || target.name.startsWith(`${name}/`));
}

function rankOf({ name }: Target): number {
  return GROUPS.findIndex((group) => name.startsWith(`${group}/`));
}
