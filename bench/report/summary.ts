import type { Run, Subject } from '../figures.ts';

/** Returns the median; NaN where there are no numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** One figure over all rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Returns median, least and greatest of some numbers. */
export function spreadOf(numbers: readonly number[]): Spread {
  return { median: median(numbers), least: Math.min(...numbers), most: Math.max(...numbers) };
}

/** Returns the ratio of one subject's figure to another's, computed round by round. */
export function ratios(
  runs: readonly Run[],
  workload: string,
  [one, other]: readonly [Subject, Subject],
  figure: (run: Run) => number,
): Spread | undefined {
  const of = (subject: Subject): ReadonlyMap<number, number> =>
    new Map(
      runs.filter((run) => run.subject === subject && run.workload === workload).map((run) => [run.round, figure(run)]),
    );
  const others = of(other);
  const found = [...of(one)].flatMap(([round, value]) => {
    const base = others.get(round);
    return base === undefined ? [] : [value / base];
  });
  return found.length === 0 ? undefined : spreadOf(found);
}

/** Groups the items by key, in the order in which the keys first appear. */
export function grouped<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
