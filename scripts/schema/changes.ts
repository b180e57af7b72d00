/** How a contract differs from an earlier one. */
export interface Changes {
  /** What makes programs fail that rely on the earlier contract. */
  readonly breaking: readonly string[];
  /** What is new and breaks nothing. */
  readonly additions: readonly string[];
}

/** Collects changes. */
export class ChangeList implements Changes {
  readonly breaking: string[] = [];
  readonly additions: string[] = [];

  break(what: string): void {
    this.breaking.push(what);
  }

  add(what: string): void {
    this.additions.push(what);
  }
}

/** The names that only the earlier has, those that only the present has, and those of both. */
export function partition(
  earlier: Iterable<string>,
  present: Iterable<string>,
): { readonly removed: string[]; readonly added: string[]; readonly kept: string[] } {
  const [before, after] = [new Set(earlier), new Set(present)];
  return {
    removed: [...before].filter((name) => !after.has(name)),
    added: [...after].filter((name) => !before.has(name)),
    kept: [...before].filter((name) => after.has(name)),
  };
}
