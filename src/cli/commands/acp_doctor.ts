import { openConversation } from "../../acp/conversation.ts";
import { type Diagnosis, examine, type Patient, readEnd } from "../../acp/doctor.ts";
import { type RelayProcess, startRelay } from "../../acp/relay_process.ts";
import { loadConfig } from "../../config/layers.ts";
import { EXIT } from "../../errors.ts";
import { findProject } from "../../project/root.ts";
import { findInstalledServices } from "../../service/installed.ts";
import { resolveService } from "../../service/registry.ts";
import { insidePath } from "../../workspace/inside_path.ts";
import { formatChecks } from "../checks.ts";
import type { CommandContext } from "../context.ts";
import { formatJson } from "../output.ts";

/** Which agent to look at. */
export type AcpDoctorOptions = { service: string; name?: string; path?: string; json: boolean };

/**
 * `sandcage acp doctor`: starts the agent in its cage as an editor would, through the same relay,
 * and says what it answered. Exit 1 when something keeps an editor from working with it; when the
 * session itself did not come about, the code of that.
 */
export async function runAcpDoctor(
  options: AcpDoctorOptions,
  context: CommandContext,
): Promise<number> {
  const { host, io, engineContext } = context;
  const { service, name } = options;
  const project = await findProject({ host, path: options.path });
  const { config } = await loadConfig(project.path, { host });
  const installed = await findInstalledServices(host.stateDir);
  const patient = resolveService(service, { ...config, installed });
  const said: string[] = [];
  await using relay = startRelay(
    { service, project: project.path, name, engineContext },
    { host, talk: (line) => (said.push(line), io.talk(line)) },
  );
  const stop = () => void relay[Symbol.asyncDispose]();
  context.signals?.signal.addEventListener("abort", stop, { once: true });
  const cwd = insidePath(project.path, host.platform);
  const { diagnosis, code } = await examineRelay(relay, { patient, cwd, said });
  context.signals?.signal.throwIfAborted();
  io.out(
    options.json ? formatJson(diagnosis) : formatChecks(diagnosis.steps, { color: io.color }),
  );
  if (diagnosis.steps.every(({ status }) => status !== "fail")) return EXIT.ok;
  return diagnosis.protocolVersion === undefined && code !== 0 ? code : EXIT.failed;
}

/** How long an agent may take to leave when its client does, in milliseconds. */
const END_TIMEOUT_MS = 60_000;

async function examineRelay(
  relay: RelayProcess,
  options: { patient: Patient; cwd: string; said: readonly string[] },
): Promise<{ diagnosis: Diagnosis; code: number }> {
  const nowMs = () => performance.now();
  const conversation = openConversation(relay, { nowMs });
  const diagnosis = await examine(conversation, options);
  const endedMs = nowMs();
  conversation.end();
  const timer = setTimeout(() => void relay[Symbol.asyncDispose](), END_TIMEOUT_MS);
  const code = await relay.exit;
  clearTimeout(timer);
  const end = readEnd(code, { ms: Math.round(nowMs() - endedMs), said: options.said.join("\n") });
  return { diagnosis: { ...diagnosis, steps: [...diagnosis.steps, end] }, code };
}
