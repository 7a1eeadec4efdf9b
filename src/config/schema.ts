import * as z from "zod";

/**
 * The one schema of every config layer: types, validation, JSON Schema and docs/configuration.md
 * all come from here. Each `describe` text is what the user reads in the editor and in the docs.
 * Every key is optional in a layer; `defaults.ts` is the bottom layer and complete.
 */

const names = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, "lower-case letters, digits and dashes");
const envName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable name");
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const duration = z.string().regex(/^\d+(ms|s|m|h|d)$/, "a duration such as 30s, 5m or 1h");
const byteSize = z.string().regex(
  /^\d+(\.\d+)?(b|k|m|g|KiB|MiB|GiB)$/i,
  "a size such as 512m, 8g or 10MiB",
);

const imageSchema = z.strictObject({
  base: z.string().min(1).describe(
    "Image everything is built on; a private registry or mirror works too",
  ),
  dockerfile: z.string().min(1).nullable().describe(
    "Your own Dockerfile, starting `FROM sandcage/base`",
  ),
  ca: z.union([z.enum(["auto", "none"]), z.array(z.string())])
    .describe(
      "Extra certificate authorities: `auto` takes the host's, `none` no one's, a list names PEM files",
    ),
  args: z.record(z.string(), scalar).describe("Build arguments for your own Dockerfile"),
}).partial();

const toolchainsSchema = z.record(names, scalar)
  .describe("Language toolchains by name and version, or `system` for Debian's package");

const installSchema = z.strictObject({
  npm: z.string().min(1).describe("npm package with an exact version, `name@1.2.3`"),
}).partial();

const serviceSchema = z.strictObject({
  enabled: z.boolean().describe("Whether the service can be started"),
  version: scalar.describe("Version of the agent to install"),
  install: installSchema.describe("Where the agent comes from"),
  command: z.array(z.string()).min(1).describe("Command line of the agent"),
  acp: z.array(z.string()).min(1).describe("Command line that speaks ACP on stdio"),
  args: z.array(z.string()).describe("Arguments always passed before the user's own"),
  env: z.record(envName, scalar).describe("Environment of this service"),
  domains: z.array(z.string()).describe("Hosts the service's own API needs"),
}).partial();

const workspaceSchema = z.strictObject({
  mode: z.enum(["mount"]).describe("How the project's files reach the cage"),
  hide: z.array(z.string()).describe("gitignore patterns of what the cage must not read"),
  readonly: z.array(z.string()).describe("gitignore patterns of what the cage must not write"),
  git: z.enum(["protected", "readonly", "none"]).describe(
    "`protected`: commits work, hooks and config are read-only; `readonly`: no commits; `none`: no .git at all",
  ),
  dirs: z.array(z.string()).describe("Additional host directories, mounted at their own path"),
  protect: z.array(z.string()).describe(
    "gitignore patterns never overwritten when work comes back",
  ),
}).partial();

const networkSchema = z.strictObject({
  mode: z.enum(["open", "none"]).describe("`open`: ordinary network; `none`: no network at all"),
  presets: z.array(names).describe("Named sets of hosts"),
  allow: z.array(z.string()).describe("Hosts the agent may reach"),
  block: z.array(z.string()).describe("Hosts it may never reach"),
  passthrough: z.array(z.string()).describe("Hosts whose TLS is never opened"),
}).partial();

const secretSchema = z.strictObject({
  from: z.string().min(1).describe("`env`: the variable of the same name on the host"),
  to: z.array(z.string()).describe("Hosts the secret may be sent to"),
}).partial();

const limitsSchema = z.strictObject({
  memory: byteSize.describe("Memory, swap included"),
  cpus: z.number().positive().describe("CPU share, 1.5 is one and a half cores"),
  pids: z.number().int().positive().describe("Number of processes and threads"),
}).partial();

const sshSchema = z.strictObject({
  enabled: z.boolean().describe("Give the cage the SSH set-up made by `sandcage setup ssh`"),
  agent: z.boolean().describe(
    "Forward the host's SSH agent; any process in the cage can use its keys",
  ),
}).partial();

const mountSchema = z.strictObject({
  source: z.string().min(1).describe("Host path"),
  target: z.string().min(1).describe("Absolute path in the cage; the host path by default")
    .optional(),
  readonly: z.boolean().describe("Defaults to true").optional(),
});

/** One layer of configuration as a file may spell it; every key optional. */
export const configSchema = z.strictObject({
  version: z.literal(1).describe("Format of this file"),
  image: imageSchema.describe("The image cages run in"),
  toolchains: toolchainsSchema,
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+(=[^\s]+)?$/, "a Debian package name"))
    .describe("Debian packages"),
  setup: z.array(z.string()).describe("Shell lines run inside at session start, when they changed"),
  services: z.record(names, serviceSchema).describe("Agents: built-in ones by name, or your own"),
  workspace: workspaceSchema.describe("How the project's files reach the cage"),
  network: networkSchema.describe("What the cage can reach"),
  secrets: z.record(envName, secretSchema).describe(
    "API keys handed to the cage, by variable name",
  ),
  limits: limitsSchema.describe("Resources of one session"),
  home: z.enum(["service", "project"]).describe(
    "Who shares the agent's home: every project, or only this one",
  ),
  ssh: sshSchema.describe("SSH inside the cage"),
  ports: z.array(z.string()).describe("Ports published on 127.0.0.1, `3000` or `8080:3000`"),
  env: z.record(envName, scalar).describe(
    "Environment of every service; the host's is never passed blindly",
  ),
  mounts: z.array(mountSchema).describe(
    "More host paths in the cage, read-only unless said otherwise",
  ),
  headless: z.strictObject({ idle_timeout: duration }).partial().describe("Unattended sessions"),
  engine: z.strictObject({ context: z.string().min(1).nullable() }).partial()
    .describe("Which Docker engine runs the cages"),
}).partial();

/** One layer after validation. */
export type ConfigLayer = z.output<typeof configSchema>;

/** A service as configured: built-in definition, then every layer on top. */
export type ServiceConfig = z.output<typeof serviceSchema>;

/** A host path shown in the cage. */
export type MountConfig = z.output<typeof mountSchema>;

/** The merged configuration: every section and every scalar is present. */
export type Config = {
  image: Required<z.output<typeof imageSchema>>;
  toolchains: Record<string, string>;
  packages: string[];
  setup: string[];
  services: Record<string, ServiceConfig>;
  workspace: Required<z.output<typeof workspaceSchema>>;
  network: Required<z.output<typeof networkSchema>>;
  secrets: Record<string, Required<z.output<typeof secretSchema>>>;
  limits: Required<z.output<typeof limitsSchema>>;
  home: "service" | "project";
  ssh: Required<z.output<typeof sshSchema>>;
  ports: string[];
  env: Record<string, string>;
  mounts: MountConfig[];
  headless: { idle_timeout: string };
  engine: { context: string | null };
};
