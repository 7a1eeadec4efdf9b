import {
  boolean,
  type Infer,
  list,
  listOr,
  literal,
  map,
  mapOr,
  nullable,
  oneOf,
  portNumber,
  positiveInteger,
  positiveNumber,
  record,
  say,
  scalar,
  section,
  string,
} from "./kit.ts";
import { PRESETS } from "./presets.ts";

/**
 * The one schema of every config layer: types, validation, JSON Schema and docs/configuration.md
 * all come from here. Each `say` text is what the user reads in the editor and in the docs. Every
 * key is optional in a layer; `defaults.ts` is the bottom layer and complete.
 */

const name = {
  pattern: /^[a-z][a-z0-9-]{0,40}$/,
  expected: "a name of lower-case letters, digits and dashes",
};
const variable = {
  pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
  expected: "a variable name of letters, digits and underscores",
};
const PORT = "([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const path = () => string("a path", /^[^\0]+$/);
const nonEmpty = () => string("a text that is not empty", /^[^\0]+$/);
const line = () => string("a text without NUL", /^[^\0]*$/);
const gitignorePattern = () => string("a gitignore pattern on one line", /^[^\0\n\r]+$/);
const hostName = () =>
  string(
    "a host name such as api.example.com or *.example.com",
    /^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/,
  );
const rule = () =>
  string(
    "a rule such as api.example.com, *.example.com, host:8443, https://host/path, an IP or a CIDR",
    /^[^\s\0]+$/,
  );
const duration = () => string("a duration such as 500ms, 30s, 5m, 1h or 2d", /^\d+(ms|s|m|h|d)$/);
const byteSize = () =>
  string(
    "a size such as 512m, 8g or 10MiB",
    /^(?!0+(\.0+)?[a-zA-Z])\d+(\.\d+)?(b|k|m|g|kib|mib|gib)$/i,
  );
// A version becomes part of commands in an image build: no blanks, quotes or shell signs.
const version = () => scalar('a version such as "22" or 1.2.3', /^[A-Za-z0-9][A-Za-z0-9._+-]*$/);
const npmPackage = () =>
  string(
    "an npm package with an exact version such as my-agent@1.2.3",
    /^(@[a-z0-9._-]+\/)?[a-z0-9._-]+@\d+\.\d+\.\d+[A-Za-z0-9.+-]*$/,
  );
const words = (min = 0) => list(line(), { min, merge: min > 0 ? "replace" : "concat" });
const value = () => scalar("a text, a number or a boolean", /^[^\0]*$/);

const imageSchema = section({
  base: say(
    "Image everything is built on; a private registry or mirror works too",
    string("an image reference without blanks", /^[^\s\0]+$/),
  ),
  dockerfile: say("Your own Dockerfile, starting `FROM sandcage/base`", nullable(path())),
  ca: say(
    "Extra certificate authorities: `auto` takes the host's, `none` no one's, a list names PEM files",
    listOr(list(path(), { merge: "replace" }), oneOf(["auto", "none"])),
  ),
  args: say("Build arguments for your own Dockerfile", map(variable, value())),
});

const serviceHeadlessSchema = section({
  command: say("Command line that reads a prompt from stdin and works alone", words(1)),
  format: say(
    "What it prints: the stream of one of these agents, `acp` when it is driven over ACP, or plain `text`",
    oneOf(["claude", "codex", "gemini", "acp", "text"]),
  ),
});

const serviceSchema = section({
  enabled: say("Whether the service can be started", boolean()),
  version: say("Version of the agent to install", version()),
  install: say(
    "Where the agent comes from",
    section({
      npm: say("npm package with an exact version, `name@1.2.3`", npmPackage()),
      acp: say(
        "npm package that speaks ACP for the agent, where it does not do so itself; only editors' sessions carry it",
        npmPackage(),
      ),
    }),
  ),
  command: say("Command line of the agent", words(1)),
  acp: say("Command line that speaks ACP on stdio", words(1)),
  headless: say(
    "How `sandcage launch` runs it; an agent that only speaks ACP is driven over that",
    serviceHeadlessSchema,
  ),
  args: say("Arguments always passed before the user's own", words()),
  bypass: say(
    "Arguments that make the agent ask for no permission; `sandcage attach` and `sandcage launch` pass them, the cage is what holds it",
    words(),
  ),
  env: say("Environment of this service", map(variable, value())),
  domains: say("Hosts the service's own API needs", list(hostName())),
});

const workspaceSchema = section({
  mode: say(
    "How the project's files reach the cage: `mount` shows them, `copy` gives it its own, `promote` gives it its own repository whose commits land on your branch",
    oneOf(["mount", "copy", "promote"]),
  ),
  hide: say("gitignore patterns of what the cage must not read", list(gitignorePattern())),
  readonly: say("gitignore patterns of what the cage must not write", list(gitignorePattern())),
  git: say(
    "`protected`: commits work, hooks and config are read-only; `readonly`: no commits; `none`: no .git at all",
    oneOf(["protected", "readonly", "none"]),
  ),
  dirs: say("Additional host directories, mounted at their own path", list(path())),
  protect: say(
    "gitignore patterns never overwritten when work comes back (nothing comes back in mode `mount`: it is there at once)",
    list(gitignorePattern()),
  ),
});

const ruleSchema = mapOr(
  record({
    dest: say("Host, `host:port`, URL, IP or CIDR, as in the short form", rule()),
  }, {
    ports: say("Ports; 80 and 443 by default", list(portNumber(), { min: 1 })),
    methods: say(
      "HTTP methods; any by default",
      list(string("an HTTP method such as GET", /^[A-Za-z]+$/), { min: 1 }),
    ),
    paths: say(
      "Path prefixes; any by default",
      list(string("a path prefix such as /v1", /^\/[^\s\0]*$/), { min: 1 }),
    ),
  }),
  rule(),
);

const networkSchema = section({
  mode: say(
    "`allowlist`: only what the rules allow, through the gateway; `open`: ordinary network, no gateway; `none`: no network at all",
    oneOf(["allowlist", "open", "none"]),
  ),
  presets: say("Named sets of hosts that are allowed", list(oneOf(PRESETS))),
  allow: say("What the agent may reach", list(ruleSchema)),
  block: say("What it may never reach, whatever else allows it", list(ruleSchema)),
  passthrough: say(
    "Hosts whose TLS is never opened: nothing is injected, inspected or matched by path there",
    list(hostName()),
  ),
  rate: say(
    "Most requests to one host, as a token bucket; no limit by default",
    nullable(record({
      per_second: say("Requests a second that are added to the bucket", positiveNumber()),
      burst: say("Requests the bucket holds", positiveInteger()),
    }, {})),
  ),
  dns: say(
    "Resolvers the gateway asks, `address` or `address:port`; the engine's own by default",
    list(string("an IP address, with a port if it is not 53", /^[0-9A-Fa-f.:[\]]+$/)),
  ),
  egress: say(
    "Existing docker network through which the gateway goes out; one of sandcage's own by default",
    nullable(string("the name of a docker network", /^[A-Za-z0-9][A-Za-z0-9_.-]*$/)),
  ),
  pool: say(
    "Private IPv4 range that the networks of sessions are carved from",
    string("an IPv4 range such as 10.231.0.0/16", /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/),
  ),
});

const secretSchema = section({
  from: say(
    "`env`, the default: the variable of the same name on the host, else what is stored under that name; `cmd:COMMAND`: what that prints on the host; `file:PATH`: that file; `store`: what `sandcage secret set` stored",
    string(
      "env, store, cmd:COMMAND or file:PATH",
      /^(env|store|cmd:[^\0\n\r]*\S[^\0\n\r]*|file:[^\0\n\r]+)$/,
    ),
  ),
  to: say(
    "Hosts it may be sent to; known for common names such as `ANTHROPIC_API_KEY`, required for others",
    list(hostName()),
  ),
  body: say("Whether it is put into request bodies too; `false` by default", boolean()),
});

const action = () => oneOf(["off", "flag", "block"]);

const inspectSchema = section({
  secrets: say("Known token formats toward foreign hosts, and the real secrets", action()),
  entropy: say("Data that looks encrypted or compressed", action()),
  content_type: say("Bodies that are not what they say, and long base64 runs", action()),
  body: say("Request bodies larger than `body_limit`", action()),
  body_limit: say("Largest request body", byteSize()),
  websocket: say("The same, in WebSocket messages", action()),
  hosts: say(
    "Hosts whose TLS is opened only to be inspected, `*` for every host; without it only hosts that need it anyway (secrets, methods, paths) are inspected",
    list(string(
      "a host name such as api.example.com, *.example.com or *",
      /^(\*|(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)$/,
    )),
  ),
});

const limitsSchema = section({
  memory: say("Memory, swap included", byteSize()),
  cpus: say("CPU share, 1.5 is one and a half cores", positiveNumber()),
  pids: say("Number of processes and threads", positiveInteger()),
});

const sshSchema = section({
  enabled: say("Give the cage the SSH set-up made by `sandcage setup ssh`", boolean()),
  agent: say(
    "Forward the host's SSH agent; any process in the cage can use its keys",
    boolean(),
  ),
});

const mountSchema = record({
  source: say("Host path; relative ones start at the folder of the config file", path()),
}, {
  target: say(
    "Absolute path in the cage; the host path by default",
    string("an absolute path such as /data", /^\/[^\0]*[^\0/][^\0]*$/),
  ),
  readonly: say("Defaults to true", boolean()),
});

const acpSchema = section({
  terminal: say(
    "Whether agents may have commands run on this machine by their editor; `block` keeps them inside the cage",
    oneOf(["block", "allow"]),
  ),
  fs: say(
    "Files of this machine that agents may have read and written by their editor: all it gives (unsaved text, too), those of the workspace, or none",
    oneOf(["allow", "workspace", "block"]),
  ),
  warm: say("Keep one agent started, so that an editor finds it ready", boolean()),
  warm_idle: say("How long an agent is kept started without an editor", duration()),
});

const attachSchema = section({
  prefix: say(
    "Key that commands of tmux begin with, `C-a`",
    string("a key such as C-a or M-x", /^[CM]-[a-z\\]$/),
  ),
  layout: say(
    "Panes that `sandcage attach` opens: `ide` has the editor left, agent and shell right; `agent` the agent alone; `split` agent and shell",
    oneOf(["ide", "agent", "split"]),
  ),
  editor: say("Editor of the layout `ide`", oneOf(["nvim", "vim", "nano"])),
  shell: say("Shell of the panes", oneOf(["bash", "zsh"])),
  dotfiles: say(
    "Git repository with your dotfiles; its files come into the home of new cages, its install script runs inside",
    nullable(nonEmpty()),
  ),
});

const headlessSchema = section({
  idle_timeout: say("How long an unattended session may do nothing", duration()),
});

const promotionSchema = section({
  name: say("Author name of promoted commits; your git identity by default", nullable(nonEmpty())),
  email: say("Author email of promoted commits", nullable(nonEmpty())),
  interval: say("Pause between two looks for new commits", duration()),
  sign: say("Sign promoted commits with your own key, as your git is set up", boolean()),
  branches: say(
    "Other branches inside that come out as well, each as `sandcage/CAGE/NAME`; `*` is any text, also with slashes",
    list(nonEmpty()),
  ),
});

const engineSchema = section({
  context: say(
    "Docker context that runs the cages; the docker CLI's own choice by default",
    nullable(string("a docker context name", /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/)),
  ),
});

/** One layer of configuration as a file may spell it; every key optional. */
export const configSchema = section({
  version: say("Format of this file", literal(1)),
  image: say("The image cages run in", imageSchema),
  toolchains: say(
    "Language toolchains by name and version, or `system` for Debian's package",
    map(name, version()),
  ),
  packages: say(
    "Debian packages",
    list(string(
      "a Debian package name such as ripgrep or jq=1.6-2",
      /^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?$/,
    )),
  ),
  setup: say("Shell lines run inside at session start, when they changed", list(line())),
  services: say("Agents: built-in ones by name, or your own", map(name, serviceSchema)),
  workspace: say("How the project's files reach the cage", workspaceSchema),
  network: say("What the cage can reach", networkSchema),
  secrets: say(
    "API keys by variable name: the agent sees a placeholder, the gateway puts in the value",
    map(variable, secretSchema),
  ),
  inspect: say("What the gateway looks for in requests", inspectSchema),
  limits: say("Resources of one session", limitsSchema),
  home: say(
    "Who shares the agent's home: `service`, every project; `project`, only this one",
    oneOf(["service", "project"]),
  ),
  ssh: say("SSH inside the cage", sshSchema),
  ports: say(
    "Ports published on 127.0.0.1, `3000` or `8080:3000` (host:cage)",
    list(scalar("a port such as 3000 or 8080:3000", new RegExp(`^(${PORT}:)?${PORT}$`))),
  ),
  env: say(
    "Environment of every service; the host's is never passed blindly",
    map(variable, value()),
  ),
  mounts: say("More host paths in the cage, read-only unless said otherwise", list(mountSchema)),
  acp: say("Sessions of editors, `sandcage acp run`", acpSchema),
  attach: say("The terminal of long-lived cages, `sandcage attach`", attachSchema),
  headless: say("Unattended sessions", headlessSchema),
  promotion: say(
    "How commits come back in workspace mode `promote`; without effect in mode `mount`",
    promotionSchema,
  ),
  engine: say("Which Docker engine runs the cages", engineSchema),
});

/** One layer after validation. */
export type ConfigLayer = Infer<typeof configSchema>;

/** A service as configured: built-in definition, then every layer on top. */
export type ServiceConfig = Infer<typeof serviceSchema>;

/** A host path shown in the cage. */
export type MountConfig = Infer<typeof mountSchema>;

/** A rule of `network.allow` or `network.block`, as written. */
export type RuleConfig = Infer<typeof ruleSchema>;

/** A secret, complete: `to` is never empty. */
export type SecretConfig = Required<Infer<typeof secretSchema>>;

/**
 * The merged configuration: every section and every scalar is present, and every host path
 * (`image.dockerfile`, `image.ca`, `mounts[].source`, `workspace.dirs`) is absolute.
 */
export type Config = {
  image: Required<Infer<typeof imageSchema>>;
  toolchains: Record<string, string>;
  packages: string[];
  setup: string[];
  services: Record<string, ServiceConfig>;
  workspace: Required<Infer<typeof workspaceSchema>>;
  network: Required<Infer<typeof networkSchema>>;
  secrets: Record<string, SecretConfig>;
  inspect: Required<Infer<typeof inspectSchema>>;
  limits: Required<Infer<typeof limitsSchema>>;
  home: "service" | "project";
  ssh: Required<Infer<typeof sshSchema>>;
  ports: string[];
  env: Record<string, string>;
  mounts: MountConfig[];
  acp: Required<Infer<typeof acpSchema>>;
  attach: Required<Infer<typeof attachSchema>>;
  headless: Required<Infer<typeof headlessSchema>>;
  promotion: Required<Infer<typeof promotionSchema>>;
  engine: Required<Infer<typeof engineSchema>>;
};
