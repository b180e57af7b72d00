import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Random } from '../../chaos/random.ts';
import { ROOT } from '../../infrastructure/command.ts';
import { printProgress, step } from '../../infrastructure/progress.ts';
import type { Deployment, Testbed } from '../infrastructure/testbed.ts';
import { person } from '../load/requests.ts';
import { startImport, type ImportCounts, type ImportProcess } from '../subjects/import-process.ts';
import { DEFAULT_IN_FLIGHT } from './throughput.ts';

/** Rows of the short imports that alternate with the raw producer. */
const ROUND_ROWS = 30_000;
/** The clients of the rows of the long import, and the first of the 100 of the short ones. */
const CLIENTS = { first: 3_001, last: 3_100 } as const;
const ROUND_CLIENT = 4_001;
const FOLDER = join(ROOT, '.cache/bench');
const POLL_MS = 200;
const SETTLE_MS = 2_000;
const IMPORTED = { client_id: { $gte: CLIENTS.first, $lte: CLIENTS.last } };

/** A short import, and the raw producer's rate right before it. */
interface Round {
  readonly rawPerSecond: number;
  readonly importPerSecond: number;
}

/** What an import of many rows did over a break. */
export interface ImportResults {
  readonly rows: number;
  readonly rounds: readonly Round[];
  /** Creates a second of the raw producer: before the import, at the break and behind it. */
  readonly rawPerSecond: readonly number[];
  /** Until SIGKILL. */
  readonly first: { readonly created: number; readonly perSecond: number; readonly peakMiB: number };
  /** The same command again. */
  readonly second: ImportCounts & {
    readonly repeatedPerSecond: number;
    readonly createdPerSecond: number;
    readonly peakMiB: number;
    /** Microseconds of the import's processor time for each row. */
    readonly cpuMicros: number;
  };
  /** Contacts of the file in the database, and those that are there twice. */
  readonly stored: { readonly contacts: number; readonly doubled: number };
}

/**
 * Imports a file of `rows` rows, kills the import in the middle, runs it again and counts the
 * contacts. Throws where a row is missing or doubled.
 */
export async function importStudy(testbed: Testbed, rows: number, rounds: number): Promise<ImportResults> {
  const deployment = testbed.deployment('worker');
  const measured: Round[] = [];
  for (let round = 1; round <= rounds; round += 1) measured.push(await measureRound(testbed, deployment, round));
  const file = await step(`Writing a file of ${rows} rows`, () => writeRows(`import-${rows}.csv`, rows, 0));
  const rawPerSecond = [await rawRate(testbed, deployment, rounds + 1)];
  const progress = new CreatedContacts(deployment);
  await progress.start();
  const first = await untilBreak(deployment, progress, file, rows);
  rawPerSecond.push(await rawRate(testbed, deployment, rounds + 2));
  await progress.start();
  const second = await toTheEnd(startImport(file, deployment.environment), progress);
  rawPerSecond.push(await rawRate(testbed, deployment, rounds + 3));
  const stored = await step('Counting the contacts', () => storedOf(deployment, rows));
  const results = { rows, rounds: measured, rawPerSecond, first, second, stored };
  if (stored.contacts !== rows || stored.doubled > 0 || second.created + second.repeated !== rows) {
    throw new Error(`rows are missing or doubled: ${JSON.stringify(results)}`);
  }
  return results;
}

async function measureRound(testbed: Testbed, deployment: Deployment, round: number): Promise<Round> {
  const rawPerSecond = await rawRate(testbed, deployment, round);
  const file = await writeRows('import-round.csv', ROUND_ROWS, 10_000_000 + round * ROUND_ROWS);
  const progress = new CreatedContacts(deployment);
  await progress.start();
  const running = startImport(file, deployment.environment);
  const [counts, times] = await Promise.all([running.ended, progress.times(running)]);
  if (counts?.created !== ROUND_ROWS) throw new Error(`the import created ${counts?.created} of ${ROUND_ROWS}`);
  const importPerSecond = ROUND_ROWS / ((times.last - times.first) / 1_000);
  const { peakMiB } = running.usage();
  printProgress(
    `round ${round}  raw ${rawPerSecond.toFixed(0)}/s, import ${importPerSecond.toFixed(0)}/s, ${peakMiB.toFixed(0)} MiB`,
  );
  return { rawPerSecond, importPerSecond };
}

async function rawRate(testbed: Testbed, deployment: Deployment, round: number): Promise<number> {
  const { perSecond } = await testbed.workload(deployment, 'create', { inFlight: DEFAULT_IN_FLIGHT, round });
  printProgress(`raw producer: ${perSecond.toFixed(0)} creates a second`);
  return perSecond;
}

async function untilBreak(
  deployment: Deployment,
  progress: CreatedContacts,
  file: string,
  rows: number,
): Promise<ImportResults['first']> {
  const running = startImport(file, deployment.environment);
  const ended = running.ended.then((counts) => {
    if (counts !== undefined) throw new Error('the import ended before its break');
  });
  const { first } = await Promise.race([progress.reached(Math.floor(rows / 2)), ended.then(never)]);
  running.kill();
  const last = performance.now();
  await ended;
  // What was sent is executed within the time of one request.
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const created = await deployment.contacts.db.collection('contacts').countDocuments(IMPORTED);
  const { peakMiB } = running.usage();
  const perSecond = created / ((last - first) / 1_000);
  printProgress(`killed after ${created} rows: ${perSecond.toFixed(0)}/s, ${peakMiB.toFixed(0)} MiB`);
  return { created, perSecond, peakMiB };
}

async function toTheEnd(running: ImportProcess, progress: CreatedContacts): Promise<ImportResults['second']> {
  const started = performance.now();
  const [counts, { first, last }] = await step('Importing the same file again', () =>
    Promise.all([running.ended, progress.times(running)]),
  );
  if (counts === undefined) throw new Error('somebody killed the import');
  const { peakMiB, cpuSeconds } = running.usage();
  return {
    ...counts,
    repeatedPerSecond: counts.repeated / ((first - started) / 1_000),
    createdPerSecond: counts.created / ((last - first) / 1_000),
    peakMiB,
    cpuMicros: (cpuSeconds * 1e6) / counts.rows,
  };
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** Watches contacts being created, at next to no cost for the database. */
class CreatedContacts {
  readonly #contacts: Deployment['contacts'];
  #from = 0;

  constructor({ contacts }: Deployment) {
    this.#contacts = contacts;
  }

  /** Watches from here on. */
  async start(): Promise<void> {
    this.#from = await this.#highestId();
  }

  /** Resolves once about `count` are created, with the time at which the first one was. */
  async reached(count: number): Promise<{ readonly first: number }> {
    let first = performance.now();
    for (;;) {
      const created = (await this.#highestId()) - this.#from;
      if (created === 0) first = performance.now();
      if (created >= count) return { first };
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** When the first and the last contact of an import were created; resolves when it ends. */
  async times({ ended }: ImportProcess): Promise<{ readonly first: number; readonly last: number }> {
    const over = ended.then(
      () => performance.now(),
      () => performance.now(),
    );
    const { first } = await Promise.race([this.reached(1), over.then((at) => ({ first: at }))]);
    return { first, last: await over };
  }

  /** Repeated creates use contact_ids up, but leave no contact with them. */
  async #highestId(): Promise<number> {
    const all = this.#contacts.db.collection<{ _id: number }>('contacts');
    const [highest] = await all.find({}, { projection: { _id: 1 }, sort: { _id: -1 }, limit: 1 }).toArray();
    return highest?._id ?? 0;
  }
}

/** Rows of different numbers differ in client and address. */
async function writeRows(name: string, rows: number, firstNumber: number): Promise<string> {
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, name);
  const random = new Random(firstNumber + 1);
  const file = createWriteStream(path);
  file.write('client_id,first_name,last_name,email,phone,mobile_phone\n');
  for (let i = 0; i < rows; i += 1) {
    const { first_name, last_name, email, phone, mobile_phone } = person(firstNumber + i, random);
    const client = (firstNumber === 0 ? CLIENTS.first : ROUND_CLIENT) + (i % 100);
    const line = `${client},${first_name},${last_name},import.${email},${phone},${mobile_phone}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return path;
}

/** Reads all imported contacts; `doubled` are those whose row has another one. */
async function storedOf({ contacts }: Deployment, rows: number): Promise<ImportResults['stored']> {
  const seen = new Uint8Array(rows);
  let [found, doubled] = [0, 0];
  const stored = contacts.db.collection<{ email: string }>('contacts');
  for await (const { email } of stored.find(IMPORTED, { projection: { email: 1, _id: 0 }, batchSize: 10_000 })) {
    const row = Number(/^import\.person\.(\d+)@/.exec(email)?.[1]);
    found += 1;
    if (seen[row] === 1) doubled += 1;
    seen[row] = 1;
  }
  return { contacts: found, doubled };
}
