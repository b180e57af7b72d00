import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

import { ensureGoImage } from '../../infrastructure/go-image.ts';
import type { Histories } from './histories.ts';

/** The judge's verdict on one contact (chaos/judge-image/judge.go). */
export interface Ruling {
  readonly contact: number;
  readonly result: 'ok' | 'illegal' | 'unknown';
  /** The one change that would make the history valid, or '' where none does. */
  readonly cause: 'lost' | 'doubled' | 'stale' | 'final' | 'unwritten' | '';
  /** Index of the op that `cause` is about. */
  readonly op: number | null;
  /** Indexes of ops that fit into no order. */
  readonly stuck: readonly number[];
}

const RECIPE = 'chaos/judge-image';

/**
 * Returns the command that runs the judge in a container without network; builds its image first
 * where it is missing.
 */
export async function judgeCommand(): Promise<readonly [string, ...string[]]> {
  const limits = ['--rm', '-i', '--network', 'none', '--read-only', '--memory', '4g'];
  return ['docker', 'run', ...limits, await ensureGoImage(RECIPE)];
}

/**
 * Sends every history to the judge and calls `rule` once for each. Rejects where the judge fails or
 * omits one.
 */
export async function judge(
  [program, ...args]: readonly [string, ...string[]],
  searchLimitMs: number,
  histories: Histories,
  rule: (ruling: Ruling) => void,
): Promise<void> {
  const child = spawn(program, [...args, `-limit=${searchLimitMs}ms`], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const problems = text(child.stderr);
  let rulings = 0;
  const read = async (): Promise<void> => {
    for await (const line of createInterface({ input: child.stdout })) {
      rulings += 1;
      rule(JSON.parse(line) as Ruling);
    }
  };
  // The exit code reports a judge that ended early.
  const write = pipeline(Readable.from(linesOf(histories)), child.stdin).catch(() => undefined);
  await Promise.all([write, read()]);
  const [code] = await ended;
  if (code !== 0 || rulings !== histories.size) {
    const said = `${rulings} rulings on ${histories.size} contacts, code ${code}`;
    throw new Error(`the judge failed: ${said}\n${(await problems).slice(-2000)}`);
  }
}

function* linesOf(histories: Histories): Iterable<string> {
  for (const [contact, ops] of histories) yield `${JSON.stringify({ contact, ops })}\n`;
}
