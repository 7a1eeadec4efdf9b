import { join } from "node:path";
import type { PlannedSite } from "../cage/prepare.ts";
import { planMailbox } from "../cage/resources.ts";
import type { Engine } from "../engine/engine.ts";

/** The mailbox of one service of a cage, and the ways to it. */
export type MailSite = {
  cageId: string;
  /** Where the host keeps the cage's messages. */
  dir: string;
  service: string;
  engine: Engine;
  /** The mailbox inside: an absolute path below the home. */
  box: string;
  /** Volume of the home, for when nothing runs. */
  home: string;
  /** Images that have the program of the mailbox; the first that is there will do. */
  images: readonly string[];
  /** Who the agent is inside. */
  user: { uid: number; gid: number };
  /** Names of the programs that are the agent. */
  programs: readonly string[];
};

/** Where the host keeps the messages of a cage. */
export function mailDir(cageDir: string): string {
  return join(cageDir, "mail");
}

/** The mailbox of a cage's service. Pure. */
export function planMailSite(site: PlannedSite): MailSite {
  const { id, dir, config, service, engine, user, images, wanted, copy } = site;
  const home = wanted.find(({ kind }) => kind === "home");
  if (home === undefined) throw new Error("No home planned");
  return {
    cageId: id,
    dir: mailDir(dir),
    service: service.name,
    engine,
    box: planMailbox(config, { id, plainHome: copy?.plainHome }),
    home: home.name,
    images: [images.final.ref, images.images[0]!.ref],
    user,
    programs: [service.command, service.acp].flatMap((command) => command?.slice(0, 1) ?? []),
  };
}
