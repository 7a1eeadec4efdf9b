import { type Check, ok, warn } from "./check.ts";

/** What the checks of this machine are decided from. */
export type HostCheckFacts = {
  stateDir: string;
  /** Permission bits of the state directory; null when it does not exist or has none. */
  stateMode: number | null;
  /** Certificates trusted here beyond the common set, or why they cannot be read. */
  extraCas: number | string;
  env: Readonly<Record<string, string | undefined>>;
  /** Sessions on record whose client is gone. */
  staleSessions: number;
};

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] as const;

/** Judges this machine. Pure. */
export function checkHost(facts: HostCheckFacts): Check[] {
  return [checkState(facts), checkCas(facts), checkProxies(facts), checkSessions(facts)];
}

function checkState({ stateDir, stateMode }: HostCheckFacts): Check {
  if (stateMode === null) return ok("state", `${stateDir} (made at the first start)`);
  const text = stateMode.toString(8).padStart(4, "0");
  return (stateMode & 0o077) === 0 ? ok("state", `${stateDir} (${text})`) : warn("state", {
    detail: `${stateDir} is open to others (${text})`,
    fix: `chmod 700 ${JSON.stringify(stateDir)}`,
  });
}

function checkCas({ extraCas }: HostCheckFacts): Check {
  if (typeof extraCas === "string") {
    return warn("certificates", { detail: extraCas, fix: "Name the PEM files in image.ca" });
  }
  return ok(
    "certificates",
    extraCas === 0 ? "none beyond the common set" : `${extraCas} of this host go into every image`,
  );
}

/** Names and hosts only: a proxy's URL may hold a password. */
function checkProxies({ env }: HostCheckFacts): Check {
  const set = PROXIES.flatMap((name) => {
    const value = env[name] ?? env[name.toLowerCase()];
    return value ? [`${name}=${value.replace(/\/\/[^@/]*@/, "//***@")}`] : [];
  });
  return ok("proxy", set.length === 0 ? "none" : set.join(", "));
}

function checkSessions({ staleSessions }: HostCheckFacts): Check {
  return staleSessions === 0 ? ok("sessions", "none left behind") : warn("sessions", {
    detail: `${staleSessions} left behind by a killed client`,
    fix: "The next session removes them; now: sandcage stop --all",
  });
}
