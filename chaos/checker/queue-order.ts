import type { Ledger, Request } from './ledger.ts';
import type { Findings } from './verdict.ts';

/** What one sender asked about one contact, in the order of sending. */
export interface Sequence {
  readonly contact: number;
  readonly requests: readonly Request[];
}

/**
 * Returns all sequences. Requests of several senders, or not confirmed at the first sending, have
 * no known place in the queue and are left out.
 */
export function sequencesIn({ requests }: Ledger): readonly Sequence[] {
  const sequences = new Map<string, { readonly contact: number; readonly requests: Request[] }>();
  for (const request of requests.values()) {
    const { method, sender, target, firstSent, firstConfirmed, answers } = request;
    if (method === 'contact.list' || target === undefined || sender === undefined) continue;
    if (firstConfirmed !== firstSent || answers.length === 0) continue;
    const key = `${sender} ${target}`;
    const known = sequences.get(key);
    if (known === undefined) sequences.set(key, { contact: target, requests: [request] });
    else known.requests.push(request);
  }
  for (const sequence of sequences.values()) sequence.requests.sort((a, b) => a.firstSent - b.firstSent);
  return [...sequences.values()];
}

/** Checks that the answers of each sequence arrive in its order; the judge checks the effects. */
export function examineQueueOrder(ledger: Ledger, findings: Findings): void {
  for (const { contact, requests } of sequencesIn(ledger)) {
    for (const [index, { id, answers }] of requests.entries()) {
      const before = requests[index - 1];
      if (before !== undefined && before.answers[0]!.at > answers[0]!.at) {
        findings.add('queue-order', `answered before ${before.id}, which was sent before it`, { id, contact });
      }
    }
  }
}
