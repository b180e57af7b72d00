import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Document } from 'mongodb';
import { expect, test } from 'vitest';

import { freshKey } from '../../support/contact-repository/fixtures.ts';
import { CommandProxy } from './command-proxy.ts';
import { freshStore } from './fresh-store.ts';

const WRITER = fileURLToPath(new URL('./claims-writer.ts', import.meta.url));
const { url, contacts, stored } = freshStore({ sharded: true });

/** At which write of a worker, counted from 1, it is killed, and whether the database still gets it. */
interface Kill {
  readonly at: number;
  readonly forwarded: boolean;
}

/** Contact_ids that a worker answered, each with the key of its create. */
type Answers = readonly (readonly [key: string, id: number])[];

/**
 * Runs a worker process, killed once at each of `kills` and started again, until it ends by itself.
 * Returns all that it wrote.
 */
async function runWorker(keys: readonly string[], kills: readonly Kill[]): Promise<Answers> {
  const proxy = await CommandProxy.before(url);
  const answers: [string, number][] = [];
  for (const kill of [...kills, undefined]) {
    const child = spawn(process.execPath, [WRITER, proxy.url(url), ...keys], { stdio: ['ignore', 'pipe', 'inherit'] });
    let writes = 0;
    const dies = (command: Document): boolean => {
      if (!['contacts', 'create_claims'].includes(String(command['insert'] ?? command['update']))) return false;
      writes += 1;
      if (writes === kill?.at) child.kill('SIGKILL');
      return kill !== undefined && (writes > kill.at || (writes === kill.at && !kill.forwarded));
    };
    for (const name of ['insert', 'update']) proxy.refuse(name, 11_600, dies);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const ended = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
    // Beside others a worker may have less to write, and end before its kill.
    expect(ended).toBe(kill !== undefined && writes >= kill.at ? 'SIGKILL' : 0);
    for (const line of output.split('\n').filter(Boolean)) answers.push(...(JSON.parse(line) as [string, number][]));
  }
  await proxy.close();
  return answers;
}

// The writes of a worker that is alone: claims, contacts, tombstones, marked claims.
const PLANS: readonly (readonly (readonly Kill[])[])[] = [
  [
    [
      { at: 1, forwarded: false },
      { at: 2, forwarded: false },
      { at: 3, forwarded: true },
      { at: 3, forwarded: false },
    ],
  ],
  [[{ at: 1, forwarded: true }], [{ at: 2, forwarded: false }], [{ at: 2, forwarded: true }]],
  [
    [{ at: 3, forwarded: true }],
    [{ at: 4, forwarded: false }],
    [
      { at: 1, forwarded: true },
      { at: 2, forwarded: false },
    ],
  ],
];

test.each(PLANS)(
  'workers that are killed at their writes create each contact once and delete it for good',
  async (...plan) => {
    const keys = Array.from({ length: 40 }, (_, i) => `${freshKey()}-${i}`);
    const orders = [keys, keys.toReversed(), [...keys.slice(20), ...keys.slice(0, 20)]];
    const answers = (await Promise.all(plan.map((kills, i) => runWorker(orders[i] ?? keys, kills)))).flat();

    const idOf = new Map(answers);
    expect(idOf.size).toBe(40);
    for (const [key, id] of answers) expect([key, id]).toEqual([key, idOf.get(key)]);
    const documents = await stored.contacts.find({ created_by: { $in: keys } }).toArray();
    expect(new Map(documents.map(({ created_by, _id }) => [created_by, _id]))).toEqual(idOf);
    expect(documents).toHaveLength(40);
    const deleted = keys.filter((key) => key.endsWith('0'));
    const claims = await stored.claims.find({ _id: { $in: keys } }).toArray();
    expect(new Map(claims.map(({ _id, contact_id }) => [_id, contact_id]))).toEqual(idOf);
    expect(claims.flatMap(({ _id, deleted_at }) => (deleted_at === undefined ? [] : [_id])).toSorted()).toEqual(
      deleted.toSorted(),
    );
    const read = await contacts.get(keys.map((key) => idOf.get(key) ?? 0));
    expect(keys.filter((_, i) => read[i] === undefined)).toEqual(deleted);
  },
);
