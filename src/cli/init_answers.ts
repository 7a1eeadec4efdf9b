import { visibleText } from "../transfer/visible.ts";

/** Where a person is asked. */
export type AskPorts = {
  /** Shows text without a line end. */
  show(text: string): void;
  /** Reads a line without its end; `undefined` at the end of input. */
  readLine(): Promise<string | undefined>;
};

/** What a project of mode promote is asked for. */
export type PromoteAnswers = {
  name: string;
  email: string;
  /** Language toolchains, each with its version. */
  toolchains: { name: string; version: string }[];
  packages: string[];
  /** Shell lines that run inside at session start. */
  setup: string[];
};

/** What is suggested for each answer. */
export type PromoteSuggestions = {
  name?: string | undefined;
  email?: string | undefined;
  toolchains: readonly { name: string; version: string }[];
  packages: readonly string[];
};

/**
 * Asks whose name promoted commits carry and what the project needs. An empty line takes what is
 * suggested; `-` takes nothing of it.
 *
 * @returns `undefined` when the input has ended.
 */
export async function askPromoteAnswers(
  suggestions: PromoteSuggestions,
  ports: AskPorts,
): Promise<PromoteAnswers | undefined> {
  const ask = async (
    question: string,
    suggested: string,
    parse: (text: string) => string | undefined = () => undefined,
  ): Promise<string | undefined> => {
    for (;;) {
      ports.show(`${question}${suggested === "" ? "" : ` [${visibleText(suggested)}]`}: `);
      const line = (await ports.readLine())?.trim();
      if (line === undefined) return undefined;
      const answer = line === "" ? suggested : line === "-" ? "" : line;
      const problem = parse(answer);
      if (problem === undefined) return answer;
      ports.show(`${problem}\n`);
    }
  };
  const name = await ask("Name on promoted commits", suggestions.name ?? "", needText);
  const email = name === undefined
    ? undefined
    : await ask("Mail on promoted commits", suggestions.email ?? "", needMail);
  const languages = email === undefined ? undefined : await ask(
    "Languages, as in node=22 python=3.13",
    formatToolchains(suggestions.toolchains),
    (text) => parseToolchains(text) === undefined ? "Give each as NAME=VERSION" : undefined,
  );
  const packages = languages === undefined
    ? undefined
    : await ask("Debian packages", suggestions.packages.join(" "), needPackages);
  const setup = packages === undefined ? undefined : await askLines(ports);
  if (setup === undefined) return undefined;
  return {
    name: name!,
    email: email!,
    toolchains: parseToolchains(languages!)!,
    packages: words(packages!),
    setup,
  };
}

async function askLines({ show, readLine }: AskPorts): Promise<string[] | undefined> {
  const lines: string[] = [];
  for (;;) {
    show(lines.length === 0 ? "Start-up commands, one on a line; an empty line ends: " : "next: ");
    const line = (await readLine())?.trim();
    if (line === undefined) return undefined;
    if (line === "" || line === "-") return lines;
    lines.push(line);
  }
}

/** Reads `NAME=VERSION` words; `undefined` when one is none. Pure. */
export function parseToolchains(text: string): { name: string; version: string }[] | undefined {
  const found = words(text).map((word) =>
    /^([a-z][a-z0-9-]{0,40})=([A-Za-z0-9][A-Za-z0-9._+-]*)$/.exec(word)
  );
  return found.includes(null) ? undefined : found.map((match) => ({
    name: match![1]!,
    version: match![2]!,
  }));
}

function formatToolchains(toolchains: PromoteSuggestions["toolchains"]): string {
  return toolchains.map(({ name, version }) => `${name}=${version}`).join(" ");
}

function needText(text: string): string | undefined {
  return text === "" ? "Commits need a name" : undefined;
}

function needMail(text: string): string | undefined {
  return /^[^\s<>]+@[^\s<>]+$/.test(text) ? undefined : "Give an address such as you@example.com";
}

function needPackages(text: string): string | undefined {
  const wrong = words(text).find((word) =>
    !/^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9][A-Za-z0-9.+:~-]*)?$/.test(word)
  );
  return wrong === undefined ? undefined : `${JSON.stringify(wrong)} is no name of a package`;
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}
