/** A built-in or configured agent, complete: what the image installs and the cage runs. */
export type ServiceDefinition = {
  /** Lower-case id: `claude`. */
  name: string;
  /** For people: `Claude Code`. */
  title: string;
  /** Pinned version of the agent; absent for `shell`. */
  version?: string;
  install?: {
    /** npm package with its exact version. */
    npm: string;
  };
  /** Command line of the agent inside the cage. */
  command: string[];
  /** Arguments always passed before the user's own. */
  args: string[];
  /** Command line that speaks ACP on stdio, when the agent does. */
  acp?: string[];
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

/** A definition as registry/services/*.yml spells it: what is left out is empty. */
export type BuiltInService = Partial<Omit<ServiceDefinition, "name">> & {
  title: string;
  command: string[];
};
