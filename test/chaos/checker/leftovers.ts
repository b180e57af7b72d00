import type { FinalState } from '../journal.ts';
import type { Ledger } from './ledger.ts';
import type { Findings } from './verdict.ts';

/** What is left in the queues, and what the workers took of memory. */
export function examineLeftovers({ requests }: Ledger, final: FinalState, findings: Findings): void {
  if (final.requestQueueDepth !== 0) {
    findings.add('queue-empty', `${final.requestQueueDepth} requests are left in the queue`);
  }
  const letters = new Set(final.deadLetters);
  for (const { id, method, firstConfirmed, answers } of requests.values()) {
    if (method !== 'poison' || letters.has(id)) continue;
    if (firstConfirmed !== undefined || answers.length > 0)
      findings.add('dead-letters', 'a poison request is not there', { id });
  }
  for (const id of letters) {
    const method = requests.get(id)?.method;
    if (method === undefined) findings.add('dead-letters', 'a letter that is no request of this run', { id });
    else if (method !== 'poison') findings.add('dead-letters', `${method} does not belong there`, { id });
  }
  const { peakMemoryMiB: peak, memoryBoundMiB: bound } = final;
  // Not `peak > bound`: a figure that was not measured is no figure within the bound.
  if (!(peak <= bound)) findings.add('memory-bound', `${peak} MiB, and ${bound} MiB are allowed`);
}
