import type { Host } from "../../host.ts";
import type { Case, Finding } from "../case.ts";
import type { GuardedCage } from "../internet/guarded.ts";

/** A secret that is made up for one run: what holds its value was written in that run. */
export type TriedSecret = {
  /** Name of its variable, inside and in the host's environment. */
  name: string;
  value: string;
  /** What the agent is given instead. */
  placeholder: string;
};

/** Secrets of one run. */
export type TriedSecrets = {
  /** Goes to {@link SITE.own} and to sites that are not what they say, not in bodies. */
  key: TriedSecret;
  /** Goes to {@link SITE.own}, in bodies as well. */
  body: TriedSecret;
  /** Goes to {@link SITE.other} alone. */
  other: TriedSecret;
};

/** Names of their variables; probes say `$PROBE_KEY`. */
export const VARIABLE: Readonly<Record<keyof TriedSecrets, string>> = {
  key: "PROBE_KEY",
  body: "PROBE_BODY_KEY",
  other: "PROBE_OTHER_KEY",
};

/** Hosts of the internet by what they are here. */
export const SITE = {
  /** The secrets' own. */
  own: "inject.test",
  /** That of the third secret. */
  other: "model.test",
  /** Allowed, its TLS opened, no secret's. */
  opened: "big.test",
  /** Allowed, its TLS left alone, no secret's. */
  closed: "allowed.test",
  /** Allowed with all names below it, no secret's. */
  wild: "wild.test",
  /** A secret's, but its address is an attacker's. */
  stolen: "flip.test",
  /** On no list, an attacker's. */
  evil: "evil.test",
} as const;

/** What a case of secrets is tried with. */
export type SecretsGiven = {
  guarded: GuardedCage;
  secrets: TriedSecrets;
  /** The user's machine. */
  host: Host;
  /** Values of the user's own secrets that are at hand without asking anybody, by name. */
  own(): Promise<ReadonlyMap<string, string>>;
  /** When the run began, in milliseconds since 1970. */
  sinceMs: number;
};

/** A case that is tried on a guarded cage with secrets. */
export type SecretCase = Case & {
  check(given: SecretsGiven): Promise<Finding | { notApplicable: string }>;
};
