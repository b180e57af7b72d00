import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runningWorker } from '../../support/running-worker.ts';
import { folderOfContacts } from './page-commands.ts';
import { patternOf, runSteps, stepsOf, type StepResult } from './page-session.ts';

const LIMIT_MS = 110_000;

/** What only test/e2e/producers.test.ts runs: it builds, or starts containers of its own. */
const NEEDS_CONTAINERS = /npm ci|npm run build|docker compose/;

describe.each(['tutorial.md', 'how-to/import.md'])('docs/%s', (name) => {
  const running = runningWorker();
  const folder = mkdtempSync(join(tmpdir(), 'contacts-page-'));
  const steps = stepsOf(new URL(`../../../docs/${name}`, import.meta.url)).filter(
    ({ commands }) => !NEEDS_CONTAINERS.test(commands),
  );
  let results: readonly StepResult[] = [];

  beforeAll(async () => {
    const { amqpUrl, queue } = running.names;
    const path = `${folderOfContacts()}${delimiter}${process.env['PATH']}`;
    const env = { ...process.env, PATH: path, AMQP_URL: amqpUrl, REQUEST_QUEUE: queue, MONGODB_URL: '' };
    results = await runSteps(steps, { cwd: folder, env, limitMs: LIMIT_MS });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(steps.map((step, at) => [step.line, at, step] as const))('line %i', (_, at, { shown }) => {
    const output = results[at]?.output;
    expect(output).toBeDefined();
    expect(output?.trim()).toMatch(shown === undefined ? /^$/ : patternOf(shown));
  });
});
