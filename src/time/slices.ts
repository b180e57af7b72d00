const waiting: (() => void)[] = [];
let scheduled = false;

/**
 * Resolves in a later turn of the event loop: for one caller a turn, in the order of the calls. Work
 * that awaits it before each of its slices holds the event loop for one slice at a time, however
 * much of such work the process has.
 */
export function sliceTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    schedule();
  });
}

function schedule(): void {
  if (scheduled || waiting.length === 0) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    waiting.shift()?.();
    schedule();
  });
}

/** What one turn may take of long work, at least one item. `size` adds up `sizeOf` the items. */
export interface SliceLimits {
  readonly items: number;
  readonly size: number;
}

/** Divides items into slices within these limits. Returns at least one slice, which may be empty. */
export function slicesOf<Item>(
  items: readonly Item[],
  limits: SliceLimits,
  sizeOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const slices: (readonly Item[])[] = [];
  let from = 0;
  let size = 0;
  items.forEach((item, at) => {
    const itemSize = sizeOf(item);
    if (at > from && (at - from >= limits.items || size + itemSize > limits.size)) {
      slices.push(items.slice(from, at));
      from = at;
      size = 0;
    }
    size += itemSize;
  });
  return from === 0 ? [items] : [...slices, items.slice(from)];
}
