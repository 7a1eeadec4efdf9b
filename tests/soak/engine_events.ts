/** What the engine made for one run, whatever became of it: full ids, with the names they had. */
export type Made = {
  containers: ReadonlyMap<string, string>;
  networks: ReadonlyMap<string, string>;
  /** References of images that its containers were made from. */
  images: ReadonlySet<string>;
};

/** The engine's own record of a run. */
export type EngineEvents = AsyncDisposable & {
  made(): Made;
};

/** The part of an event that matters. */
type Event = {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
};

/**
 * Follows the engine's events and keeps what carries the mark in a name or a label: what was made and
 * removed between two looks may have left something in the kernel, too.
 */
export function followEngine(mark: string): EngineEvents {
  const child = new Deno.Command("docker", {
    args: [
      ...["events", "--format", "{{json .}}", "--since", String(Math.floor(Date.now() / 1000))],
      ...["--filter", "event=create", "--filter", "event=connect"],
    ],
    // Nothing of the run is in its environment: it is no process of what is tested.
    env: { SANDCAGE_E2E_PROGRAM: "" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const made = createMade();
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) noteEvent(made, { line, mark });
    }
  })();
  return {
    made: () => made,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await reading;
      await child.status;
    },
  };
}

/** What {@link noteEvent} writes into. */
export function createMade() {
  return {
    containers: new Map<string, string>(),
    networks: new Map<string, string>(),
    images: new Set<string>(),
  };
}

/** Takes one line of `docker events`; one that is no event of this run changes nothing. */
export function noteEvent(
  made: ReturnType<typeof createMade>,
  { line, mark }: { line: string; mark: string },
): void {
  if (line.trim() === "") return;
  const { Type, Action, Actor }: Event = JSON.parse(line);
  const { Attributes: attributes } = Actor;
  if (Type === "container" && Action === "create" && line.includes(mark)) {
    made.containers.set(Actor.ID, attributes.name ?? Actor.ID.slice(0, 12));
    if (attributes.image !== undefined) made.images.add(attributes.image);
  }
  // A network's event has no labels: it belongs to whoever joins it, unless all share it.
  const { name } = attributes;
  if (Type !== "network" || name === undefined || SHARED.includes(name)) return;
  if (line.includes(mark) || made.containers.has(attributes.container ?? "")) {
    made.networks.set(Actor.ID, name);
  }
}

/** Networks that outlive every run. */
const SHARED = ["bridge", "host", "none", "sandcage-egress"];
