const KEYS = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY"];

/** A key for each of them; no server ever checks it. */
export function everyKey(): Record<string, string> {
  return Object.fromEntries(KEYS.map((name) => [name, `test-key-of-${name.toLowerCase()}`]));
}

function secret(name: string): string {
  return `[secrets.${name}]\nfrom = "env"\nto = ["api.example.test"]\n`;
}

/** With a base URL in its environment Gemini takes no key unless its settings say so. */
export const GEMINI_SETTINGS = '{"security":{"auth":{"selectedType":"gemini-api-key"}}}\n';

/** How each agent is pointed at the scripted model. */
export const AGENTS: {
  service: string;
  config(url: string): string;
  args(url: string): string[];
  settings?: string;
  /** It tells what it cost. */
  hasCost?: true;
}[] = [
  {
    service: "claude",
    config: (url) =>
      `${secret("ANTHROPIC_API_KEY")}[services.claude.env]\nANTHROPIC_BASE_URL = "${url}"\n`,
    args: () => [],
    hasCost: true,
  },
  {
    service: "codex",
    config: () => secret("OPENAI_API_KEY"),
    args: (url) => [
      ...["-c", "model=scripted", "-c", "model_provider=scripted", "-c"],
      `model_providers.scripted={name="scripted",base_url="${url}/v1",env_key="OPENAI_API_KEY",` +
      `wire_api="responses",request_max_retries=0,stream_max_retries=0}`,
    ],
  },
  {
    service: "gemini",
    config: (url) =>
      `${secret("GEMINI_API_KEY")}[services.gemini.env]\nGOOGLE_GEMINI_BASE_URL = "${url}"\n`,
    args: () => ["-m", "gemini-2.5-flash"],
    settings: GEMINI_SETTINGS,
  },
];
