import type { FinalState } from '../journal.ts';
import type { Ledger, Request } from './ledger.ts';
import type { Findings } from './verdict.ts';

/** Which requests may be dead-lettered; no others may. */
const DEAD_LETTER_RULES: Partial<Record<Request['method'], 'must' | 'must-unless-answered'>> = {
  poison: 'must',
  unreadable: 'must',
  unanswerable: 'must-unless-answered',
};

/** Checks what is left in the queues, and the workers' memory. */
export function examineLeftovers(ledger: Ledger, final: FinalState, findings: Findings): void {
  if (final.requestQueueDepth !== 0) {
    findings.add('queue-empty', `${final.requestQueueDepth} requests are left in the queue`);
  }
  examineDeadLetters(ledger, new Set(final.deadLetters), findings);
  const { peakMemoryMiB: peak, memoryBoundMiB: bound } = final;
  // Not `peak > bound`: NaN, a figure that was not measured, must not pass.
  if (!(peak <= bound)) findings.add('memory-bound', `${peak} MiB; at most ${bound} MiB are allowed`);
}

function examineDeadLetters({ requests }: Ledger, letters: ReadonlySet<string>, findings: Findings): void {
  for (const { id, method, firstConfirmed, answers } of requests.values()) {
    if (letters.has(id) || (firstConfirmed === undefined && answers.length === 0)) continue;
    const rule = DEAD_LETTER_RULES[method];
    if (rule === 'must') findings.add('dead-letters', `${method} is not dead-lettered`, { id });
    if (rule === 'must-unless-answered' && answers.length === 0) {
      findings.add('dead-letters', `${method} is neither answered nor dead-lettered`, { id });
    }
  }
  for (const id of letters) {
    const method = requests.get(id)?.method;
    if (method === undefined) findings.add('dead-letters', 'a dead letter that is no request of this run', { id });
    else if (DEAD_LETTER_RULES[method] === undefined)
      findings.add('no-innocent-blamed', `${method} is dead-lettered`, { id });
  }
}
