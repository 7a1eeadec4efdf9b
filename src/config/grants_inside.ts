import { ask, type Planning } from "./grant.ts";
import { childPath } from "./kit.ts";
import { maskValue } from "./mask.ts";

/**
 * What a project file runs or redirects inside before the user has typed a word. It stays in the
 * cage, but the agent's login is in there with it: a setup line could send it away, a variable such
 * as `ANTHROPIC_BASE_URL` could have the agent do so itself.
 */
export function planInside(planning: Planning): void {
  const { config } = planning;
  for (const [index, value] of config.setup.entries()) {
    ask(planning, `setup[${index}]`, {
      key: "setup",
      value,
      why: "runs in the cage at start, beside the agent's login",
    });
  }
  planEnv(planning, "env", config.env);
  for (const [name, service] of Object.entries(config.services)) {
    const path = childPath("services", name);
    planEnv(planning, childPath(path, "env"), service.env ?? {});
    for (const key of ["command", "args", "bypass", "acp"] as const) {
      for (const [index, value] of (service[key] ?? []).entries()) {
        ask(planning, `${path}.${key}[${index}]`, {
          key: `${path}.${key}`,
          value,
          why: `changes what runs as ${name}`,
        });
      }
    }
    for (const [index, value] of (service.headless?.command ?? []).entries()) {
      ask(planning, `${path}.headless.command[${index}]`, {
        key: `${path}.headless.command`,
        value,
        why: `changes what runs as ${name}`,
      });
    }
    for (const key of ["npm", "acp"] as const) {
      const value = service.install?.[key];
      if (value === undefined) continue;
      ask(planning, `${path}.install.${key}`, { value, why: `is installed and runs as ${name}` });
    }
  }
}

function planEnv(planning: Planning, path: string, env: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(env)) {
    ask(planning, childPath(path, name), {
      value,
      shown: maskValue(name, value),
      why: "every program of the agent reads it",
    });
  }
}
