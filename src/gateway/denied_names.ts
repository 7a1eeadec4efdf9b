/** Remembers which denied names were told of lately. */
export type DeniedNames = {
  /** Says whether this name is worth an event: the first time within a minute. */
  isNews(name: string): boolean;
};

const FORGET_MS = 60_000;
/** Names told of within one minute; an agent that invents names must not fill the disk. */
const MOST_NAMES = 256;

/** Makes an empty memory. Resolvers ask again and again, and for each address family. */
export function createDeniedNames(nowMs: () => number = Date.now): DeniedNames {
  const told = new Set<string>();
  let startedMs = nowMs();
  return {
    isNews(name) {
      const now = nowMs();
      if (now - startedMs >= FORGET_MS) {
        told.clear();
        startedMs = now;
      }
      if (told.size >= MOST_NAMES || told.has(name)) return false;
      told.add(name);
      return true;
    },
  };
}
