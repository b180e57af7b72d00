import type { Entry, FinalState } from '../journal.ts';
import { examineAnswers } from './answers.ts';
import { matchCreations } from './creations.ts';
import { historiesOf, type Histories } from './histories.ts';
import { readLedger, type Ledger } from './ledger.ts';
import { examineLeftovers } from './leftovers.ts';
import { examineLists } from './lists.ts';
import { examineQueueOrder } from './queue-order.ts';
import { examineOthers } from './silence.ts';
import { Findings, type ExaminationOptions } from './verdict.ts';

/** The findings that need no search for an order, and the histories to search in. */
export interface Examination {
  readonly findings: Findings;
  readonly ledger: Ledger;
  readonly histories: Histories;
}

const DEFAULT_PAGE = 25;

/** Checks everything except the order within each contact's history. Needs no judge. */
export async function examine(
  entries: AsyncIterable<Entry> | Iterable<Entry>,
  final: FinalState,
  options: ExaminationOptions = {},
): Promise<Examination> {
  const findings = new Findings();
  const ledger = await readLedger(entries, findings);
  examineAnswers(ledger, options, findings);
  const creators = matchCreations(ledger, final, findings);
  examineLists(ledger, creators, options.listPageSize ?? DEFAULT_PAGE, findings);
  if (options.queueOrder === true) examineQueueOrder(ledger, findings);
  examineLeftovers(ledger, final, findings);
  examineOthers(ledger, findings);
  return { findings, ledger, histories: historiesOf(ledger, creators, final, options) };
}
