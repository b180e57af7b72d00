import { letterCount } from './letter-format.ts';
import { escapeControls } from './terminal-text.ts';

/** References that are listed for each reason; the others are only counted. */
const MAX_REFERENCES = 10;

/** Letters that could not be sent back, by reason. Holds a bounded number of references. */
export class SendFailures {
  readonly #byReason = new Map<string, { count: number; readonly references: string[] }>();

  add(reference: string, reason: string): void {
    const failed = this.#byReason.get(reason) ?? { count: 0, references: [] };
    failed.count += 1;
    if (failed.references.length < MAX_REFERENCES) failed.references.push(reference);
    this.#byReason.set(reason, failed);
  }

  /** Two lines for each reason: the count, then the references. */
  lines(): string[] {
    return [...this.#byReason].flatMap(([reason, { count, references }]) => [
      `${letterCount(count)} not sent back: ${escapeControls(reason)}.`,
      `  ${references.map(escapeControls).join(', ')}${count > references.length ? ' …' : ''}`,
    ]);
  }
}
