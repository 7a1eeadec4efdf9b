import { basename } from "node:path";

/**
 * What the long files of tests/e2e take, in seconds on two busy cores with images present. Only their
 * order matters: the longest begin first, so that all workers end together. `deno task test` says at
 * its end which files were the slowest.
 */
export const SECONDS: Readonly<Record<string, number>> = {
  copy_desk: 110,
  acp_install: 100,
  promote_conformance: 100,
  promote: 95,
  image: 90,
  acp_gateway: 80,
  copy_cages: 80,
  engine26: 75,
  copy_kill: 70,
  headless: 70,
  acp_relay: 60,
  verify: 60,
  copy_keep: 60,
  acp_warm: 55,
  lifecycle: 55,
  copy_transfer: 50,
  courier: 50,
  gateway_network: 50,
  promote_ways: 50,
  trust: 50,
  workspace: 50,
  gateway_failure: 45,
  mail: 45,
  gateway_session: 40,
  terminal: 40,
  copy_checklist: 35,
  copy_salvage: 35,
  hardening: 35,
  presets: 35,
  acp_end: 30,
  checkpoint: 30,
  gateway_fuzz: 30,
  gateway_web: 30,
  isolation: 30,
  ownership: 30,
  gateway_reload: 25,
  gateway_secrets: 25,
};

/** A file nobody has measured yet: before the short ones, so that it cannot be the last. */
const UNKNOWN = 22;

/** Test files in the order to run them in: the longest first, equals by name. Pure. */
export function planOrder(files: readonly string[]): string[] {
  const seconds = (file: string) => SECONDS[basename(file).replace(/_test\.ts$/, "")] ?? UNKNOWN;
  return files.toSorted((a, b) => seconds(b) - seconds(a) || (a < b ? -1 : 1));
}
