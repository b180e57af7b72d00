import type { Entry, FinalState } from '../journal.ts';
import { examine, type Examination } from './examination.ts';
import type { Op } from './histories.ts';
import { judge, type Ruling } from './judge.ts';
import { silencesOf } from './silence.ts';
import type { CheckOptions, Findings, Invariant, Verdict } from './verdict.ts';

const DEFAULT_LIMIT_MS = 20_000;

/**
 * Checks a run by its senders' journal, the answers in it and the final state; it reads nothing of
 * the workers. docs/chaos.md explains the invariants. Rejects where the judge cannot be run.
 */
export async function check(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  final: FinalState,
  options: CheckOptions,
): Promise<Verdict> {
  const examination = await examine(entries, final, options);
  const { findings, histories, ledger } = examination;
  let unknown = 0;
  await judge(options.judge, options.searchLimitMs ?? DEFAULT_LIMIT_MS, histories, (ruling) => {
    if (ruling.result === 'unknown') {
      unknown += 1;
      if (options.acceptUnknown !== true) {
        const size = histories.get(ruling.contact)?.length ?? 0;
        findings.add('search-ended', `no order found or excluded for ${size} ops`, { contact: ruling.contact });
      }
    } else if (ruling.result === 'illegal') report(ruling, histories.get(ruling.contact) ?? [], findings);
  });
  const silences = silencesOf(ledger);
  const counts = { ...countsOf(examination), unknown, longestSilenceMs: silences.longestMs };
  return { violations: findings.kept, counts, faults: silences.faults };
}

function report({ contact, cause, op, stuck }: Ruling, ops: readonly Op[], findings: Findings): void {
  const about = op === null ? ops[stuck[0] ?? -1] : ops[op];
  const { invariant, words } = CAUSES[cause];
  const hint = stuck.map((place) => describe(ops[place])).join('; ');
  findings.add(invariant, `${words} ${describe(about)} (${ops.length} ops; ops that fit no order: ${hint || 'none'})`, {
    contact,
    ...(about !== undefined && about.id !== '' && { id: about.id }),
  });
}

/** The judge names the first op that explains the violation; there may be others. */
const CAUSES: Readonly<Record<Ruling['cause'], { readonly invariant: Invariant; readonly words: string }>> = {
  lost: { invariant: 'no-effect-lost', words: 'the history fits if this had no effect:' },
  doubled: { invariant: 'no-effect-doubled', words: 'the history fits if this had an effect twice:' },
  stale: { invariant: 'linearizable', words: 'the history fits without this read:' },
  final: { invariant: 'linearizable', words: 'the history fits without the final state:' },
  unwritten: { invariant: 'linearizable', words: 'nobody wrote what this read saw:' },
  '': { invariant: 'linearizable', words: 'no order fits, and no single request explains it; look at' },
};

function describe(op: Op | undefined): string {
  if (op === undefined) return 'nothing';
  return op.id === '' ? 'the database at the end' : `${op.kind} ${op.id} (${op.outcome})`;
}

function countsOf({
  ledger,
  findings,
  histories,
}: Examination): Omit<Verdict['counts'], 'unknown' | 'longestSilenceMs'> {
  let answers = 0;
  let repeats = 0;
  let repeatedAnswers = 0;
  for (const { sendings, answersSeen } of ledger.requests.values()) {
    repeats += sendings - 1;
    if (answersSeen > 0) answers += 1;
    repeatedAnswers += Math.max(0, answersSeen - 1);
  }
  let largestPartition = 0;
  for (const { length } of histories.values()) largestPartition = Math.max(largestPartition, length);
  return {
    requests: ledger.requests.size,
    answers,
    repeats,
    repeatedAnswers,
    faults: ledger.faults.length,
    losses: findings.count('no-answer-lost', 'no-effect-lost', 'no-innocent-blamed'),
    doubles: findings.count('no-effect-doubled'),
    violations: findings.total,
    partitions: histories.size,
    largestPartition,
  };
}
