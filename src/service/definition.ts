/** A built-in or configured agent, complete: what the image installs and the cage runs. */
export type ServiceDefinition = {
  /** Lower-case id: `claude`. */
  name: string;
  /** For people: `Claude Code`. */
  title: string;
  /** Pinned version of the agent; absent for `shell`. */
  version?: string;
  /** npm packages with their exact versions. */
  install?: {
    /** The agent. */
    npm?: string;
    /** What speaks ACP for it, where it does not do so itself; only in the image of ACP sessions. */
    acp?: string;
  };
  /** What is installed instead of an npm package; only agents of the ACP registry have it. */
  payload?: ServicePayload;
  /** Command line of the agent inside the cage. */
  command: string[];
  /** Arguments always passed before the user's own. */
  args: string[];
  /** Arguments that make it ask for no permission; only where the cage is what holds it. */
  bypass?: string[];
  /** Command line that speaks ACP on stdio, when the agent does. */
  acp?: string[];
  /** How it works without a terminal, when it can. */
  headless?: HeadlessDefinition;
  /** Environment that the agent needs in a cage, the user's on top. */
  env: Record<string, string>;
  /** Hosts of the agent's own API: always reachable for that service. */
  domains: string[];
  auth: {
    /** Variables that may hold an API key, and the hosts each may be sent to. */
    keys: Record<string, string[]>;
    /** Login files below the host's home and, at the same place, below the cage's home. */
    files: string[];
    /** macOS Keychain item whose secret becomes a file. */
    keychain?: { item: string; file: string };
    /** Command line that logs in interactively. */
    login?: string[];
  };
};

/** How an agent works without a terminal. */
export type HeadlessDefinition = {
  /** Command line that reads the prompt from stdin, or speaks ACP on stdio. */
  command: string[];
  /** What it says on stdout. */
  format: "claude" | "codex" | "gemini" | "acp" | "text";
  /** Option after which it takes the most a run may cost, in USD; absent where it has none. */
  budget?: string;
};

/** How the files of an archive are packed; `raw` is the program itself. */
export type ArchiveFormat = "zip" | "tar.gz" | "tar.bz2" | "raw";

/** An agent that comes from elsewhere than npm, complete and verified. */
export type ServicePayload =
  | {
    kind: "pypi";
    /** Python package with its exact version, `name==1.2.3`. */
    requirement: string;
    /** Name of its console script. */
    program: string;
  }
  | {
    kind: "archive";
    /** Where the verified file lies on the host. */
    path: string;
    /** SHA-256 of it, 64 hex digits. */
    sha256: string;
    format: ArchiveFormat;
    /** The program, relative to the archive's root. */
    program: string;
  };

/** A definition as registry/services/*.yml spells it: what is left out is empty. */
export type BuiltInService = Partial<Omit<ServiceDefinition, "name">> & {
  title: string;
  command: string[];
};
