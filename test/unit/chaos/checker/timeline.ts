interface Event {
  readonly at: number;
  readonly happen: () => void;
}

/** Runs planned callbacks in the order of their times (a binary heap). */
export class Timeline {
  readonly #heap: Event[] = [];
  now = 0;

  plan(at: number, happen: () => void): void {
    const heap = this.#heap;
    let place = heap.length;
    heap.push({ at, happen });
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (heap[above]!.at <= at) break;
      [heap[place], heap[above]] = [heap[above]!, heap[place]!];
      place = above;
    }
  }

  run(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.now = next.at;
      next.happen();
    }
  }

  #next(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let place = 0; ;) {
      const left = 2 * place + 1;
      const right = left + 1;
      let least = place;
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left;
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right;
      if (least === place) return first;
      [heap[place], heap[least]] = [heap[least]!, heap[place]!];
      place = least;
    }
  }
}
