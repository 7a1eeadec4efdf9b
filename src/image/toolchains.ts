import { EXIT, UserError } from "../errors.ts";

/** Debian's packages for `system`; Node's is absent because the base image has a newer one. */
const SYSTEM_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  node: [],
  python: ["python3", "python3-pip", "python3-venv"],
  rust: ["rustc", "cargo"],
  go: ["golang-go"],
  java: ["default-jdk-headless"],
  ruby: ["ruby-full"],
};

/** What the toolchains of a project come down to. */
export type ToolchainPlan = {
  /** Debian packages. */
  packages: string[];
  /** Version of the npm package `node`, and of the npm that runs on it; absent for the base's own. */
  node?: { version: string; npm: string };
  /** Tools for mise, `name@version`. */
  mise: string[];
};

/**
 * Sorts a project's toolchains by where they come from. Pure.
 *
 * @throws {UserError} With code `config-invalid`, for a version no shell should see, or `system`
 * where Debian has no package.
 */
export function planToolchains(toolchains: Readonly<Record<string, string>>): ToolchainPlan {
  const plan: ToolchainPlan = { packages: [], mise: [] };
  for (const [name, version] of Object.entries(toolchains).toSorted()) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(version)) {
      throw invalid(`Cannot read version ${JSON.stringify(version)} of toolchain "${name}"`, {
        hint: `Give a version such as "22", "3.12.4", "stable" or "system"`,
      });
    }
    if (version === "system") plan.packages.push(...findSystemPackages(name));
    else if (name === "node") plan.node = planNode(version);
    else plan.mise.push(`${name}@${version}`);
  }
  return plan;
}

function findSystemPackages(name: string): readonly string[] {
  const packages = SYSTEM_PACKAGES[name];
  if (packages !== undefined) return packages;
  throw invalid(`Debian has no package for toolchain "${name}"`, {
    hint: `Give a version instead, or choose from: ${Object.keys(SYSTEM_PACKAGES).join(", ")}`,
  });
}

function planNode(version: string): { version: string; npm: string } {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  if (!Number.isInteger(major)) {
    throw invalid(`Cannot read version ${JSON.stringify(version)} of toolchain "node"`, {
      hint: `Give a number such as "22" or "22.23.3"`,
    });
  }
  // The newest npm line that each Node line can run, by the engines field of npm's releases.
  const npm = major >= 24 ? "11" : major >= 18 ? "10" : major >= 14 ? "9" : "6";
  return { version: version.replace(/^v/, ""), npm };
}

function invalid(message: string, options: { hint: string }): UserError {
  return new UserError(message, { ...options, exit: EXIT.config, code: "config-invalid" });
}
