import agentArchive from "../../images/agent/agent-archive" with { type: "text" };
import agentInstall from "../../images/agent/agent-install" with { type: "text" };
import agentPython from "../../images/agent/agent-python" with { type: "text" };
import agentUser from "../../images/agent/agent-user" with { type: "text" };
import aptInstall from "../../images/agent/apt-install" with { type: "text" };
import baseDockerfile from "../../images/agent/base.Dockerfile" with { type: "text" };
import deskInstall from "../../images/agent/desk-install" with { type: "text" };
import deskTmuxConfig from "../../images/agent/desk-tmux.conf" with { type: "text" };
import dpkgConfig from "../../images/agent/dpkg.cfg" with { type: "text" };
import nodeInstall from "../../images/agent/node-install" with { type: "text" };
import profile from "../../images/agent/profile.sh" with { type: "text" };
import registryHosts from "../../images/agent/registry-hosts" with { type: "text" };
import desk from "../../images/agent/cage-desk" with { type: "text" };
import entry from "../../images/agent/cage-entry" with { type: "text" };
import shim from "../../images/agent/shim" with { type: "text" };
import mailBox from "../../images/agent/mail/box.mjs" with { type: "text" };
import mailEnvelope from "../../images/agent/mail/envelope.mjs" with { type: "text" };
import mailSend from "../../images/agent/mail/send.mjs" with { type: "text" };
import mailServe from "../../images/agent/mail/serve.mjs" with { type: "text" };
import mailWait from "../../images/agent/mail/wait.mjs" with { type: "text" };
import toolchainInstall from "../../images/agent/toolchain-install" with { type: "text" };
import { INSIDE } from "../names.ts";

/** A file of a build context. */
export type ContextFile = {
  /** Relative to the context, with `/`. */
  path: string;
  text: string;
  /** Defaults to 0o644. */
  mode?: number;
};

/** Where the scripts that several builds use live in the image. */
export const BUILD_DIR = "/opt/cage/build";

/** The Dockerfile of the base image, as it stands in images/agent. */
export const BASE_DOCKERFILE: string = baseDockerfile;

/** The files below `files/` of the base image's context: copied to `/` as they are. */
export const BASE_FILES: readonly ContextFile[] = [
  program(`${BUILD_DIR}/apt-install`, aptInstall),
  program(`${BUILD_DIR}/node-install`, nodeInstall),
  program(INSIDE.entry, entry),
  program(`${INSIDE.bin}/registry-hosts`, registryHosts),
  ...["apt", "apt-get", "sudo"].map((name) => program(`${INSIDE.bin}/${name}`, shim)),
  program(`${INSIDE.mail}/box.mjs`, mailBox),
  program(`${INSIDE.mail}/envelope.mjs`, mailEnvelope),
  program(`${INSIDE.mail}/send.mjs`, mailSend),
  program(`${INSIDE.mail}/serve.mjs`, mailServe),
  program(`${INSIDE.mail}/wait.mjs`, mailWait),
  { path: "files/etc/dpkg/dpkg.cfg.d/cage", text: dpkgConfig },
  { path: "files/etc/profile.d/cage.sh", text: profile },
];

/** The files below `files/` of the image that people attach to. */
export const DESK_FILES: readonly ContextFile[] = [
  program(INSIDE.desk, desk),
  { path: "files/opt/cage/desk/tmux.conf", text: deskTmuxConfig },
];

/** Scripts of one build step, mounted while it runs: a change rebuilds only the images that use it. */
export const STEP_SCRIPTS = {
  "agent-archive": agentArchive,
  "agent-install": agentInstall,
  "agent-python": agentPython,
  "agent-user": agentUser,
  "desk-install": deskInstall,
  "toolchain-install": toolchainInstall,
} as const;

function program(path: string, text: string): ContextFile {
  return { path: `files${path}`, text, mode: 0o755 };
}
