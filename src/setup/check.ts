/** One thing doctor looked at. */
export type Check = {
  name: string;
  /** `warn` works with a limit; `fail` stops sessions. */
  status: "ok" | "warn" | "fail";
  detail: string;
  /** What to do about it; always there unless the status is ok. */
  fix?: string;
};

/** What is wrong and what to do about it. */
export type Finding = { detail: string; fix: string };

/** A check that found nothing to complain about. */
export function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail };
}

/** A check that found a limit. */
export function warn(name: string, finding: Finding): Check {
  return { name, status: "warn", ...finding };
}

/** A check that found what stops sessions. */
export function fail(name: string, finding: Finding): Check {
  return { name, status: "fail", ...finding };
}
