import { parse } from "yaml";
import type {
  ComposeDocument,
  ComposeService,
  ComposeVolume,
} from "../../src/cage/compose_document.ts";

/**
 * One service of a generated compose document as a document of its own: compose wants every volume
 * of a file to exist, and the others' may not. JSON is YAML. Pure.
 */
export function pickService(composeText: string, serviceName: string): string {
  const document = parse(composeText) as ComposeDocument;
  const service = document.services[serviceName];
  if (service === undefined || !("working_dir" in service)) {
    throw new Error(`No service ${serviceName} of an agent in the compose document`);
  }
  const used = "volumes" in service ? service.volumes : [];
  const names = used.flatMap((volume) => volume.type === "volume" ? [volume.source] : []);
  const volumes = Object.entries(document.volumes ?? {}).filter(([name]) => names.includes(name));
  return JSON.stringify({
    ...document,
    services: { [serviceName]: service },
    volumes: Object.fromEntries(volumes),
  });
}

/**
 * The same container as `docker run` would start it: every flag of one service of a generated
 * compose document. Pure.
 */
export function planDockerRun(composeText: string, serviceName: string): string[] {
  const document = parse(composeText) as ComposeDocument;
  const service = document.services[serviceName] as ComposeService | undefined;
  if (service === undefined || !("working_dir" in service)) {
    throw new Error(`No service ${serviceName} of an agent in the compose document`);
  }
  const network = Object.values(document.networks ?? {})[0]?.name ?? "none";
  const pairs = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${plain(value)}`]);
  const each = (flag: string, values: readonly string[]) =>
    values.flatMap((value) => [flag, value]);
  return [
    ...["run", "--rm", "--init", "--read-only"],
    ...["--user", service.user, "--workdir", plain(service.working_dir)],
    ...["--hostname", service.hostname, "--log-driver", service.logging.driver],
    ...["--network", network, "--memory", service.mem_limit],
    ...["--memory-swap", service.memswap_limit, "--cpus", String(service.cpus)],
    ...["--pids-limit", String(service.pids_limit), "--entrypoint", service.entrypoint[0]!],
    ...each("--cap-drop", service.cap_drop),
    ...each("--security-opt", service.security_opt),
    ...each("--tmpfs", service.tmpfs),
    ...pairs("--env", service.environment),
    ...pairs("--label", service.labels),
    ...service.volumes.flatMap((volume) => ["--mount", formatMount(volume, document)]),
    service.image,
  ];
}

function formatMount(volume: ComposeVolume, document: ComposeDocument): string {
  const target = plain(volume.target);
  if (volume.type === "tmpfs") return `type=tmpfs,target=${target},readonly`;
  if (volume.type === "volume") {
    const name = document.volumes?.[volume.source]?.name ?? volume.source;
    return `type=volume,source=${name},target=${target}`;
  }
  const readonly = volume.read_only ? ",readonly" : "";
  return `type=bind,source=${plain(volume.source)},target=${target}${readonly}`;
}

/** Undoes compose's escaping of `$`. */
function plain(text: string): string {
  return text.replaceAll("$$", "$");
}
