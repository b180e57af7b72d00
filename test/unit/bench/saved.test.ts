import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { page } from '../../../bench/report/page.ts';
import { completed, readResults } from '../../../bench/report/saved.ts';
import { ROOT } from '../../../infrastructure/command.ts';
import { results, run } from './results.ts';

const FILES = readdirSync(join(ROOT, 'bench/results')).filter((name) => /^20.*\.json$/.test(name));

test.each(FILES)('%s can still be read and shown', (file) => {
  const saved = readResults(`bench/results/${file}`);
  const html = page(saved);
  const drawn = [saved.throughput, saved.inFlight, saved.growth, saved.workers].some((runs) => runs.length > 0);
  expect(html.includes('<svg')).toBe(drawn);
  expect(html).toContain('<h2>Figures</h2>\n<pre>');
  expect(html).not.toMatch(/NaN|Infinity|undefined/);
});

test('lone requests of an older file move to their own study, and missing studies are empty', () => {
  const { startedAt, machine, settings } = results({});
  const lone = run({ workload: 'latency get', inFlight: 1 });
  const found = completed({ startedAt, machine, settings, throughput: [run({}), lone] });
  expect(found.throughput).toEqual([run({})]);
  expect(found.latency).toEqual([run({ workload: 'get', inFlight: 1 })]);
  expect(found.coldStart).toEqual([]);
});
