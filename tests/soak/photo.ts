/** What of one run exists at one moment: lists of names by aspect, in words that a report can show. */
export type Photo = Readonly<Record<Aspect, readonly string[]>>;

/** What is looked at. */
export const ASPECTS = [
  "container",
  "network",
  "volume",
  "image",
  "process",
  "socket",
  "temporary file",
  "state file",
  "kernel trace",
] as const;

/** One of {@link ASPECTS}. */
export type Aspect = typeof ASPECTS[number];

/** One thing that is there later and was not before. */
export type Difference = { aspect: Aspect; item: string };

/**
 * What a second photo has more of than the first. An item that is there twice and was once is one
 * more. Pure.
 */
export function comparePhotos(before: Photo, after: Photo): Difference[] {
  return ASPECTS.flatMap((aspect) => {
    const known = countItems(before[aspect]);
    const more: Difference[] = [];
    for (const item of after[aspect]) {
      const left = known.get(item) ?? 0;
      if (left > 0) known.set(item, left - 1);
      else more.push({ aspect, item });
    }
    return more;
  });
}

/** What is in both: a difference that was there at one look and not at the next is no leak. Pure. */
export function keepCommon(one: readonly Difference[], other: readonly Difference[]): Difference[] {
  const left = countItems(other.map(formatDifference));
  return one.filter((difference) => {
    const key = formatDifference(difference);
    const count = left.get(key) ?? 0;
    left.set(key, count - 1);
    return count > 0;
  });
}

/** A photo with what was found beyond it. Pure. */
export function addDifferences(photo: Photo, differences: readonly Difference[]): Photo {
  const sum: Record<Aspect, readonly string[]> = { ...photo };
  for (const { aspect, item } of differences) sum[aspect] = [...sum[aspect], item];
  return sum;
}

/** Differences as lines, equal ones counted. Pure. */
export function formatDifferences(differences: readonly Difference[]): string[] {
  return [...countItems(differences.map(formatDifference))]
    .map(([text, count]) => count === 1 ? text : `${text}, ${count} times`);
}

/** A photo of nothing. */
export const EMPTY_PHOTO: Photo = Object.freeze({
  container: [],
  network: [],
  volume: [],
  image: [],
  process: [],
  socket: [],
  "temporary file": [],
  "state file": [],
  "kernel trace": [],
});

function formatDifference({ aspect, item }: Difference): string {
  return `${aspect} ${item}`;
}

function countItems(items: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}
