import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { printProgress } from '../../infrastructure/progress.ts';
import { within } from '../../src/time/limit.ts';
import type { OwnServer } from '../../test/support/servers.ts';
import { finalState } from '../final-state.ts';
import { waitForEmptyQueue } from '../infrastructure/testbed.ts';
import { waitUntil } from '../inject.ts';
import type { Entry } from '../journal.ts';
import { Journal } from '../journal-file.ts';
import { violationsIn } from '../judge.ts';
import { Load, type OpenSender } from '../load/load.ts';
import { steadyLoad } from '../load/pace.ts';
import { Requests } from '../load/requests.ts';
import { Sender } from '../load/sender.ts';
import { Random } from '../random.ts';
import type { Violation } from '../report.ts';
import { asRestored, reassignedIds, type Cut } from './cut.ts';

/** The servers, and the operator's procedure on them. Each step resolves when it is done. */
export interface RehearsalSteps {
  readonly producersUrl: string;
  readonly databaseUrl: string;
  readonly broker: Pick<OwnServer, 'exec'>;
  readonly stopBroker: () => Promise<unknown>;
  /** Copies the stopped broker's data and starts it. */
  readonly saveBroker: () => Promise<unknown>;
  readonly saveDatabase: () => Promise<unknown>;
  /** Destroys both servers with their data. */
  readonly destroy: () => Promise<unknown>;
  /** Restores both, and starts servers and workers. */
  readonly restore: () => Promise<unknown>;
}

export interface RehearsalResult {
  readonly violations: readonly Violation[];
  /** contact_ids that name another contact than before the restore. */
  readonly reassigned: readonly number[];
  readonly requests: number;
  readonly sentAgain: number;
  /** Writes that were sent after both backups and answered before the disaster. */
  readonly lostWrites: number;
}

const RATE = 150;
const ANSWERS = 300;
const SETTLED_WITHIN_MS = 120_000;
const SENDERS = 4;

/**
 * Backs up broker and database under load, loses both, restores them, lets the producers send again
 * everything since the broker's backup, and checks what then is promised.
 */
export async function rehearseRestore(seed: number, folder: string, steps: RehearsalSteps): Promise<RehearsalResult> {
  mkdirSync(folder, { recursive: true });
  const random = new Random(seed);
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const requests = new Requests(random.branch(), { poison: false });
  const open: OpenSender = (number, onAnswer) => new Sender(number, [steps.producersUrl], journal, onAnswer);
  const load = new Load(SENDERS, open, requests, random.branch());
  try {
    await load.connected();
    load.start();
    const { cut, saved, sentAgain } = await course(load, journal, steps);
    await within(SETTLED_WITHIN_MS, 'the last answers', load.end());
    await waitForEmptyQueue(steps.broker, SETTLED_WITHIN_MS);
    const { broker, databaseUrl } = steps;
    const state = await finalState({ broker, database: { url: databaseUrl }, workers: [] });
    const entries = journal.inOrder();
    // The workers' memory is not measured here.
    const final = { ...state, peakMemoryMiB: 0 };
    const violations = await violationsIn(asRestored(entries, cut), final, { queueOrder: false });
    const reassigned = reassignedIds(entries, cut);
    return {
      violations,
      reassigned,
      requests: load.sent,
      sentAgain,
      lostWrites: lostWrites(entries, saved, cut.restored),
    };
  } finally {
    await load.close();
    await journal.close();
  }
}

async function course(
  load: Load,
  journal: Journal,
  steps: RehearsalSteps,
): Promise<{ readonly cut: Cut; readonly saved: number; readonly sentAgain: number }> {
  const moreAnswers = async (): Promise<void> => {
    const before = load.answered;
    await waitUntil(() => load.answered >= before + ANSWERS);
    printProgress(`${load.answered} answers`);
  };
  const stop = steadyLoad(load, RATE);
  try {
    await moreAnswers();
    load.remember();
    await steps.stopBroker();
    const brokerSaved = journal.now();
    await steps.saveBroker();
    await moreAnswers();
    await steps.saveDatabase();
    const saved = journal.now();
    await load.caughtUp();
    await moreAnswers();
    await steps.destroy();
    stop();
    const cut = { brokerSaved, restored: journal.now() };
    await steps.restore();
    await load.connected();
    const sentAgain = await load.sendAgain();
    await within(SETTLED_WITHIN_MS, 'the answers to what was sent again', load.caughtUp());
    const stopAgain = steadyLoad(load, RATE);
    await moreAnswers().finally(stopAgain);
    return { cut, saved, sentAgain };
  } finally {
    stop();
  }
}

const WRITES: ReadonlySet<string> = new Set(['contact.create', 'contact.update', 'contact.delete']);

function lostWrites(entries: readonly Entry[], saved: number, destroyed: number): number {
  const before = new Set(entries.flatMap((one) => (one.type === 'sent' && one.at <= saved ? [one.id] : [])));
  const sent = entries.flatMap((one) =>
    one.type === 'sent' && !before.has(one.id) && WRITES.has(one.action.method) ? [one.id] : [],
  );
  const answered = new Set(
    entries.flatMap((one) => (one.type === 'answered' && one.status === 'ok' && one.at <= destroyed ? [one.id] : [])),
  );
  return new Set(sent.filter((id) => answered.has(id))).size;
}
