import { isAbsolute, resolve } from "node:path";
import { EXIT, UserError } from "../errors.ts";

/** Where a repository is cloned from. */
export type RepositoryAddress = {
  /** What git is given: without a password, a token or anything else that is a secret. */
  url: string;
  /** What the address carried for the server; never on record. */
  login?: { username: string; password: string };
  /** The last part of its path, without `.git`. */
  basename: string;
};

/** Transports of git itself; others are programs that the address would choose. */
const SCHEMES = ["https:", "http:", "ssh:", "git:", "file:"];

/**
 * Reads the address of a repository as git understands it: a URL, `user@host:path`, or a path on
 * this machine. Pure.
 *
 * @throws {UserError} Of code `usage`, when git would take it for something else.
 * @see {@link https://git-scm.com/docs/git-clone#_git_urls}
 */
export function parseRepositoryAddress(
  text: string,
  options: { cwd: string },
): RepositoryAddress {
  // deno-lint-ignore no-control-regex
  if (text === "" || /[\x00-\x1f\x7f]/.test(text)) throw refuse(text, "it is no address");
  if (text.startsWith("-")) throw refuse(text, "it begins with a dash and would be an option");
  if (/^[A-Za-z0-9+.-]+::/.test(text)) throw refuse(text, "it names a program that git would run");
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text)) return parseUrl(text);
  const scp = isAbsolute(text) ? null : /^(?:([^@/]+)@)?([^:/@]+):(?!\/\/)(.+)$/.exec(text);
  // One letter is a drive of Windows.
  if (scp !== null && scp[2]!.length > 1) {
    const [, user = "", host = "", path = ""] = scp;
    if (host.startsWith("-") || user.startsWith("-")) throw refuse(text, "its host is no host");
    // What follows a colon there is a password that ssh could not use.
    const name = user.split(":")[0]!;
    return { url: `${name === "" ? "" : `${name}@`}${host}:${path}`, basename: lastPart(path) };
  }
  const path = resolve(options.cwd, text);
  return { url: path, basename: lastPart(path) };
}

function parseUrl(text: string): RepositoryAddress {
  if (!URL.canParse(text)) throw refuse("", "it is no URL");
  const url = new URL(text);
  const scheme = url.protocol;
  if (!SCHEMES.includes(scheme)) {
    throw refuse("", `its scheme "${scheme}" is none of ${SCHEMES.join(" ")}`);
  }
  if (url.hostname.startsWith("-")) throw refuse("", "its host is no host");
  const basename = lastPart(decode(url.pathname));
  const login = { username: decode(url.username), password: decode(url.password) };
  // They go to git line by line.
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f]/.test(login.username + login.password)) {
    throw refuse("", "its login is none");
  }
  const isWeb = scheme === "https:" || scheme === "http:";
  url.password = "";
  // To ssh a user is part of the address; to a web server it may be a token.
  if (isWeb) {
    url.username = "";
    url.search = "";
    url.hash = "";
  }
  const clean = scheme === "file:" || scheme === "git:" || scheme === "ssh:"
    ? withoutPassword(text)
    : url.href;
  const isSecret = isWeb && (login.username !== "" || login.password !== "");
  return { url: clean, basename, ...(isSecret ? { login } : {}) };
}

/** Keeps the path as it was written: `URL` would change how it is escaped. */
function withoutPassword(text: string): string {
  return text.replace(/^([^/]*:\/\/[^@/:]*):[^@/]*@/, "$1@");
}

function lastPart(path: string): string {
  const part = path.split(/[\\/]/).filter((part) => part !== "").at(-1) ?? "";
  return part.replace(/\.(git|bundle)$/, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// The address is not repeated where it may hold a password.
function refuse(text: string, why: string): UserError {
  const shown = text.includes("@") || text === "" ? "this address" : JSON.stringify(text);
  return new UserError(`Cannot clone ${shown}: ${why}`, {
    hint: "Give https://host/path, user@host:path or the path of a repository; " +
      "for a directory as it is: sandcage create --dir PATH",
    exit: EXIT.usage,
    code: "usage",
  });
}
