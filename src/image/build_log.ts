/** What a plain BuildKit log says while it grows, read line by line. */
export type BuildLog = {
  /** Takes the next piece of output. */
  push(text: string): void;
  /** Short words for the progress line, `step 3/6: apt-install git`; undefined before the first. */
  readonly detail: string | undefined;
  /** The step that failed and the end of what it printed. */
  readonly failure: BuildFailure | undefined;
};

/** A failed build step. */
export type BuildFailure = {
  /** `[base 3/6] RUN …`, as BuildKit names it. */
  step: string;
  /** Its last lines of output, oldest first. */
  lines: string[];
};

/** Output lines kept of each step. */
const TAIL_LINES = 15;

/** Longest detail shown; the whole line is in the log file. */
const DETAIL_LENGTH = 72;

type Step = { title: string; lines: string[] };

/** `STEP 3/6: RUN …` of Podman's builder, which has one step after another. */
const CLASSIC_STEP = /^(?:\[(\d+\/\d+)\] )?STEP (\d+\/\d+): (.*)$/;
const CLASSIC_FAILURE = /^(error running container:|(error )?building at STEP)/i;

/** Reads the output of `docker build --progress=plain`, or of Podman's. Pure: no clock, no file. */
export function createBuildLog(): BuildLog {
  const steps = new Map<string, Step>();
  let rest = "";
  let detail: string | undefined;
  let failure: BuildFailure | undefined;

  let last: Step | undefined;
  const readClassicLine = (line: string) => {
    const title = formatClassicTitle(line);
    if (title !== undefined) {
      last = { title, lines: [] };
      detail = formatStep(title) ?? detail;
    } else if (last !== undefined && CLASSIC_FAILURE.test(line)) {
      failure ??= { step: trimCommand(last.title), lines: [...last.lines, line] };
    } else if (last !== undefined && line.trim() !== "") keepLine(last, line);
  };

  const readLine = (line: string) => {
    const match = /^#(\d+) (.*)$/.exec(line);
    if (match === null) return readClassicLine(line);
    const [, id = "", words = ""] = match;
    const step = steps.get(id);
    if (step === undefined || words === step.title) {
      steps.set(id, step ?? { title: words, lines: [] });
      detail = formatStep(words) ?? detail;
      return;
    }
    if (words.startsWith("ERROR")) {
      failure ??= { step: trimCommand(step.title), lines: [...step.lines, words] };
      return;
    }
    // `12.34 text` is what the step printed after 12.34 seconds; the rest is BuildKit's own.
    const output = /^\d+\.\d+ (.*)$/.exec(words)?.[1];
    if (output === undefined || output.trim() === "") return;
    keepLine(step, output);
  };

  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach((line) => readLine(line.trimEnd()));
    },
    get detail() {
      return detail;
    },
    get failure() {
      return failure;
    },
  };
}

function keepLine(step: Step, line: string): void {
  step.lines.push(line);
  if (step.lines.length > TAIL_LINES) step.lines.shift();
}

/** The step as BuildKit would name it. */
function formatClassicTitle(line: string): string | undefined {
  const match = CLASSIC_STEP.exec(line);
  if (match === null) return undefined;
  const [, stage, step, words] = match;
  return `[${stage === undefined ? "" : `stage ${stage}, `}${step}] ${words}`;
}

/** A command as a person would say it: without the mounts and folders of our own. */
function trimCommand(command: string): string {
  return command.replace(/--mount=\S+\s*/g, "")
    .replace(/(\/opt\/cage\/build\/|sh \/tmp\/)(?=[a-z]+-(install|user)\b)/g, "")
    .replace(/\s+/g, " ");
}

/** `[base 3/6] RUN --mount=… apt-install git` becomes `base 3/6: apt-install git`. */
function formatStep(title: string): string | undefined {
  const match = /^\[(?!internal)([^\]]+)\] (?:RUN |)(.*)$/.exec(title);
  if (match === null) return undefined;
  const words = trimCommand(match[2]!);
  const detail = `${match[1]}: ${words}`;
  return detail.length > DETAIL_LENGTH ? `${detail.slice(0, DETAIL_LENGTH - 1)}…` : detail;
}
