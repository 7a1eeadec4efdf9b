import type { PreparedCage } from "../../cage/prepare.ts";
import { inspectAll } from "../../engine/inspect.ts";
import { LABEL } from "../../names.ts";
import type { Finding } from "../case.ts";

/** What the engine says of a container, as far as it is judged. */
export type InspectedHost = {
  Privileged?: unknown;
  CapAdd?: unknown;
  PidMode?: unknown;
  IpcMode?: unknown;
  UTSMode?: unknown;
  NetworkMode?: unknown;
  UsernsMode?: unknown;
  Devices?: unknown;
  DeviceRequests?: unknown;
  VolumesFrom?: unknown;
  ReadonlyRootfs?: unknown;
  LogConfig?: { Type?: unknown };
};

/** The engine's own record of a session: nothing of the host was given. */
export async function checkRecord(cage: PreparedCage, container: string): Promise<Finding> {
  const found = (await inspectAll(cage.engine, [container])).get(container);
  const host = found?.raw.HostConfig as InspectedHost | undefined;
  const evidence = host === undefined ? ["the engine knows no such container"] : judgeHost(host);
  return {
    held: evidence.length === 0,
    control: found?.labels[LABEL.managed] === "true",
    seen: "no privilege, no device, no namespace of the host, no log",
    evidence,
  };
}

/** Names what a container has of its host. Pure. */
export function judgeHost(host: InspectedHost): string[] {
  const given = (["CapAdd", "Devices", "DeviceRequests", "VolumesFrom"] as const)
    .filter((name) => Array.isArray(host[name]) && host[name].length > 0);
  const shared = (["PidMode", "IpcMode", "UTSMode", "NetworkMode", "UsernsMode"] as const)
    .filter((name) => host[name] === "host");
  return [
    ...(host.Privileged === false ? [] : ["it is privileged"]),
    ...(host.ReadonlyRootfs === true ? [] : ["its system can be written"]),
    ...given.map((name) => `${name} is ${JSON.stringify(host[name])}`),
    ...shared.map((name) => `${name} is the host's`),
    ...(host.LogConfig?.Type === "none" ? [] : ["the engine keeps what the agent prints"]),
  ];
}
