import { counted } from './counted.ts';
import { printable } from './printable.ts';

/** References told of each reason; the others are only counted. */
const MAX_NAMED = 10;

/** Letters that could not be sent back, by reason. Holds a bounded number of references. */
export class Failures {
  readonly #byReason = new Map<string, { count: number; readonly named: string[] }>();

  add(reference: string, reason: string): void {
    const failed = this.#byReason.get(reason) ?? { count: 0, named: [] };
    failed.count += 1;
    if (failed.named.length < MAX_NAMED) failed.named.push(reference);
    this.#byReason.set(reason, failed);
  }

  lines(): string[] {
    return [...this.#byReason].flatMap(([reason, { count, named }]) => [
      `${counted(count)} not sent back: ${printable(reason)}.`,
      `  ${named.map(printable).join(', ')}${count > named.length ? ' …' : ''}`,
    ]);
  }
}
