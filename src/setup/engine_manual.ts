import type { EngineFacts } from "./engine_facts.ts";

/** Where Docker explains the installation on everything else. */
const DOCS = "https://docs.docker.com/engine/install/";

/** What the user does on a machine where sandcage installs nothing itself. Pure. */
export function formatInstructions(facts: Pick<EngineFacts, "platform" | "distribution">): string {
  if (facts.platform === "darwin") {
    return "Install and start one of Docker Desktop, OrbStack or Colima, for example:\n" +
      "  brew install colima docker docker-compose docker-buildx && colima start";
  }
  if (facts.platform === "windows") {
    return "Install and start Docker Desktop with the WSL 2 backend, for example:\n" +
      "  winget install Docker.DockerDesktop";
  }
  const { id = "", like = [] } = facts.distribution ?? {};
  const command = [id, ...like].map((name) => COMMANDS[name]).find((text) => text !== undefined);
  return command === undefined
    ? `Install Docker Engine, Compose v2 and buildx as described at ${DOCS}`
    : `Install Docker Engine, Compose v2 and buildx, and start the engine:\n  ${command}`;
}

const SYSTEMD = "sudo systemctl enable --now docker";

/** By distribution id; the first known of id and its ancestors wins. */
const COMMANDS: Readonly<Record<string, string>> = {
  fedora: `sudo dnf install moby-engine docker-compose docker-buildx && ${SYSTEMD}`,
  arch: `sudo pacman -S docker docker-compose docker-buildx && ${SYSTEMD}`,
  alpine: "sudo apk add docker docker-cli-compose docker-cli-buildx && " +
    "sudo rc-update add docker && sudo service docker start",
  opensuse: `sudo zypper install docker docker-compose docker-buildx && ${SYSTEMD}`,
  suse: `sudo zypper install docker docker-compose docker-buildx && ${SYSTEMD}`,
  nixos: "Set virtualisation.docker.enable = true; and rebuild the system",
};
