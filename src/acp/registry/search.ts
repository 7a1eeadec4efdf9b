import { findNearest } from "../../config/nearest.ts";
import { EXIT, UserError } from "../../errors.ts";
import type { Registry, RegistryAgent } from "./document.ts";

/** Most names a hint shows. */
const MOST_NEAR = 3;

/**
 * The agents a word is found in: in the id first, then in the name, then in the description; all of
 * them without a word. Pure.
 */
export function searchAgents(
  agents: readonly RegistryAgent[],
  word: string | undefined,
): RegistryAgent[] {
  if (word === undefined) return [...agents];
  const wanted = word.toLowerCase();
  const rank = ({ id, name, description }: RegistryAgent) =>
    [id, name, description].findIndex((text) => text.toLowerCase().includes(wanted));
  return agents.map((agent) => ({ agent, rank: rank(agent) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank)
    .map(({ agent }) => agent);
}

/**
 * Reads the agent with exactly this id.
 *
 * @throws {UserError} Code `service-unknown`, with the nearest names; or, for an entry that could not
 *   be read, what is wrong with it.
 */
export function readAgent(registry: Registry, id: string): RegistryAgent {
  const agent = registry.agents.find((agent) => agent.id === id);
  if (agent !== undefined) return agent;
  const broken = registry.problems.find((entry) => entry.id === id);
  if (broken !== undefined) {
    throw new UserError(`Cannot read the registry's entry of "${id}": ${broken.problem}`, {
      hint: "The agent's author has to put it right; others install as before",
    });
  }
  const near = findNear(registry.agents, id);
  throw new UserError(`There is no agent "${id}" in the registry`, {
    hint: `${near.length === 0 ? "" : `Did you mean: ${near.join(", ")}? `}` +
      "See what there is: sandcage acp list",
    exit: EXIT.usage,
    code: "service-unknown",
  });
}

/** Ids that somebody who typed `word` may have meant: the nearest, then what the word is found in. */
function findNear(agents: readonly RegistryAgent[], word: string): string[] {
  const ids = agents.map(({ id }) => id);
  const nearest = findNearest(word, ids);
  const found = searchAgents(agents, word).map(({ id }) => id);
  return [...new Set([...(nearest === undefined ? [] : [nearest]), ...found])].slice(0, MOST_NEAR);
}
