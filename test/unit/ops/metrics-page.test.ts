import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { createMetrics } from '../../../src/ops/metrics.ts';
import { METRICS, PAUSE_REASONS, REPUBLISH_REASONS } from '../../../src/protocol/catalogue.ts';

const PAGE = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
const catalogue = Object.fromEntries(Object.entries(METRICS).map(([name, labels]) => [name, [...labels].sort()]));

/** The text of /metrics after at least one event of each metric. */
function exposedText(): Promise<string> {
  const metrics = createMetrics({
    methods: ['contact.get'],
    exemplars: false,
    inFlight: () => 1,
    oldestRequestAgeS: () => 1,
    spans: () => ({ exported: 3, dropped: { 'queue full': 2, 'export failed': 1 } }),
    droppedLogLines: () => 1,
    queueMessages: () => new Map([['requests', 7]]),
    intakeHeld: () => Object.fromEntries(PAUSE_REASONS.map((reason) => [reason, true])),
    readiness: () => Promise.resolve({ ready: true, checks: { database: true } }),
  });
  metrics.request({
    method: 'contact.get',
    status: 'ok',
    code: 'OK',
    attempts: 1,
    batch: 2,
    reply: 'routed',
    redelivered: true,
    repeated: false,
    referenceId: 'reference',
    messageId: undefined,
    ms: 4,
    timeline: {
      receivedAt: 1,
      admittedAt: 2,
      decodedAt: 2.5,
      run: { begunAt: 3, endedAt: 4, size: 2 },
      concludedAt: 4,
      encodedAt: 4.25,
      repliedAt: 5,
    },
  });
  metrics.settled('acknowledged', 5);
  metrics.deadLettered('INTERNAL_ERROR');
  metrics.retried('unavailable');
  metrics.uncounted();
  metrics.republished('confirm lost', 1);
  metrics.link('consume', true, true);
  metrics.cautious('a request came back often');
  metrics.standstill('new channel');
  metrics.majority('missing');
  metrics.foreignDocument();
  return metrics.text();
}

/**
 * Type of each of the worker's metrics in the text, and the labels of its samples in alphabetical
 * order.
 */
function metricsIn(text: string): { types: Record<string, string>; labels: Record<string, string[]> } {
  const typeLines = text.matchAll(/^# TYPE (contacts_\w+) (\w+)$/gm);
  const types = Object.fromEntries([...typeLines].map(([, name = '', type = '']) => [name, type]));
  const labels = Object.keys(types).map((name) => {
    const samples = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? \\S+$`, 'gm'))];
    const found = samples.flatMap(([, list = '']) => [...list.matchAll(/(\w+)="/g)].map(([, label = '']) => label));
    return [name, [...new Set(found)].filter((label) => label !== 'le').sort()];
  });
  return { types, labels: Object.fromEntries(labels) as Record<string, string[]> };
}

/** The rows of the page's table: name, type, and the cell of the labels. */
function rows(): { name: string; type: string; cell: string }[] {
  const found = PAGE.matchAll(/^\| `(contacts_\w+)` \| (\w+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm);
  return [...found].map(([, name = '', type = '', cell = '']) => ({ name, type, cell }));
}

test('/metrics exposes exactly the metrics of the catalogue, with exactly their labels', async () => {
  expect(metricsIn(await exposedText()).labels).toEqual(catalogue);
});

test('docs/metrics.md lists exactly the metrics of the catalogue, with their types and labels', async () => {
  const { types } = metricsIn(await exposedText());
  expect(Object.fromEntries(rows().map(({ name, type }) => [name, type]))).toEqual(types);
  const labels = rows().map(({ name, cell }) => [
    name,
    [...cell.matchAll(/`(\w+)`:/g)].map(([, label = '']) => label).sort(),
  ]);
  expect(Object.fromEntries(labels)).toEqual(catalogue);
});

test('docs/metrics.md names each metric once, and gives each label its values', () => {
  expect(rows().map(({ name }) => name)).toHaveLength(Object.keys(METRICS).length);
  for (const { name, cell } of rows()) {
    const labels = cell === 'none' ? [] : cell.split('; ').map((part) => /^`\w+`: \S/.test(part));
    expect(labels, name).toEqual(catalogue[name]?.map(() => true));
  }
});

test('docs/metrics.md lists the values of each closed label, as they are exposed from the start', async () => {
  const text = await exposedText();
  let compared = 0;
  for (const { name, cell } of rows()) {
    for (const part of cell.split('; ')) {
      const [, label = '', list = ''] = /^`(\w+)`: ((?:`[^`]+`(?:, )?)+)$/.exec(part) ?? [];
      if (label === '' || ['status', 'queue'].includes(label)) continue;
      const listed = [...list.matchAll(/`([^`]+)`/g)].map(([, value = '']) => value);
      const samples = text.matchAll(new RegExp(`^${name}(?:_count)?\\{.*${label}="([^"]+)"`, 'gm'));
      expect([...new Set([...samples].map(([, value = '']) => value))].sort(), name).toEqual(listed.sort());
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(8);
});

test('each reason that the publisher gives for a message published again is in the catalogue', () => {
  const folder = new URL('../../../src/amqp/publisher/', import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const given = sources.flatMap((source) =>
    [...source.matchAll(/republished\('([^']+)'/g)].map(([, reason]) => reason),
  );
  expect(given.length).toBeGreaterThan(2);
  expect(REPUBLISH_REASONS).toEqual(expect.arrayContaining([...new Set(given)]));
});
