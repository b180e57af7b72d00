import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importProblems } from '../../../scripts/rules/import-rules.ts';
import { sandbox } from './sandbox.ts';

const SETTINGS = 'config/tools/import-rules.json';

interface RuleSet {
  forbidden: { name: string; comment?: string }[];
  options: object;
}

const rules = JSON.parse(readFileSync(new URL(`../../../${SETTINGS}`, import.meta.url), 'utf8')) as RuleSet;

const uses = (path: string): string => `import * as used from '${path}';\n\nexport const user = used;\n`;
const usesType = (path: string): string => `import type { Used } from '${path}';\n\nexport type User = Used;\n`;
const aType = 'export type Used = string;\n';

/** For each rule: files that break it and the import that must be named. */
const PLANTED: readonly (readonly [rule: string, found: string, files: Record<string, string>])[] = [
  [
    'leaves-import-nothing',
    'src/protocol/a.ts → src/contacts/b.ts',
    { 'src/protocol/a.ts': usesType('../contacts/b.ts'), 'src/contacts/b.ts': aType },
  ],
  ['leaves-import-nothing', 'src/contacts/c.ts → crypto', { 'src/contacts/c.ts': uses('node:crypto') }],
  [
    'files-know-only-node',
    'src/files/a.ts → src/settings/b.ts',
    { 'src/files/a.ts': usesType('../settings/b.ts'), 'src/settings/b.ts': aType },
  ],
  [
    'siblings-stay-apart',
    'src/codec/a.ts → src/amqp/b.ts',
    { 'src/codec/a.ts': uses('../amqp/b.ts'), 'src/amqp/b.ts': 'export {};\n' },
  ],
  [
    'siblings-stay-apart',
    'src/methods/a.ts → src/mongo/b.ts',
    { 'src/methods/a.ts': usesType('../mongo/b.ts'), 'src/mongo/b.ts': aType },
  ],
  [
    'contacts-only-where-they-are-meant',
    'src/dispatch/a.ts → src/contacts/d.ts',
    { 'src/dispatch/a.ts': usesType('../contacts/d.ts'), 'src/contacts/d.ts': aType },
  ],
  [
    'parts-do-not-know-the-whole',
    'src/ops/a.ts → src/telemetry.ts',
    { 'src/ops/a.ts': usesType('../telemetry.ts'), 'src/telemetry.ts': aType },
  ],
  [
    'only-the-worker-composes',
    'src/lifecycle.ts → src/codec/b.ts',
    { 'src/lifecycle.ts': uses('./codec/b.ts'), 'src/codec/b.ts': 'export {};\n' },
  ],
  [
    'siblings-stay-apart',
    'src/pipeline/a.ts → src/redelivery/b.ts',
    { 'src/pipeline/a.ts': uses('../redelivery/b.ts'), 'src/redelivery/b.ts': 'export {};\n' },
  ],
  [
    'amqp-rooms-in-one-direction',
    'src/amqp/publisher/a.ts → src/amqp/consumer/b.ts',
    { 'src/amqp/publisher/a.ts': usesType('../consumer/b.ts'), 'src/amqp/consumer/b.ts': aType },
  ],
  [
    'amqp-wire-below-the-connection',
    'src/amqp/wire/a.ts → src/amqp/connection/b.ts',
    { 'src/amqp/wire/a.ts': usesType('../connection/b.ts'), 'src/amqp/connection/b.ts': aType },
  ],
  [
    'amqp-connection-below-the-rooms',
    'src/amqp/connection/a.ts → src/amqp/publisher/c.ts',
    { 'src/amqp/connection/a.ts': usesType('../publisher/c.ts'), 'src/amqp/publisher/c.ts': aType },
  ],
  [
    'amqp-consumer-and-operator-apart',
    'src/amqp/dead-letter-queue/a.ts → src/amqp/consumer/d.ts',
    { 'src/amqp/dead-letter-queue/a.ts': usesType('../consumer/d.ts'), 'src/amqp/consumer/d.ts': aType },
  ],
  [
    'claims-above-the-other-stores',
    'src/mongo/s.ts → src/mongo/claims/s.ts',
    { 'src/mongo/s.ts': usesType('./claims/s.ts'), 'src/mongo/claims/s.ts': aType },
  ],
  [
    'mongo-connection-below-the-store',
    'src/mongo/connection/s.ts → src/mongo/t.ts',
    { 'src/mongo/connection/s.ts': usesType('../t.ts'), 'src/mongo/t.ts': aType },
  ],
  [
    'client-stands-on-transport-and-codec',
    'src/client/a.ts → src/settings/b.ts',
    { 'src/client/a.ts': usesType('../settings/b.ts'), 'src/settings/b.ts': aType },
  ],
  [
    'client-stands-on-transport-and-codec',
    'src/client/b.ts → src/amqp/consumer/e.ts',
    { 'src/client/b.ts': usesType('../amqp/consumer/e.ts'), 'src/amqp/consumer/e.ts': aType },
  ],
  [
    'client-by-its-door',
    'src/ops/g.ts → src/client/c.ts',
    { 'src/ops/g.ts': usesType('../client/c.ts'), 'src/client/c.ts': aType },
  ],
  [
    'testing-is-a-door',
    'src/client/t.ts → src/testing/t.ts',
    { 'src/client/t.ts': usesType('../testing/t.ts'), 'src/testing/t.ts': aType },
  ],
  [
    'testcontainers-only-in-testing',
    'src/client/u.ts → node_modules/testcontainers',
    { 'src/client/u.ts': uses('testcontainers') },
  ],
  ['mongodb-only-in-mongo', 'src/client/d.ts → node_modules/mongodb', { 'src/client/d.ts': uses('mongodb') }],
  ['amqplib-only-in-amqp', 'src/ops/b.ts → node_modules/amqplib', { 'src/ops/b.ts': uses('amqplib') }],
  ['mongodb-only-in-mongo', 'src/methods/b.ts → node_modules/mongodb', { 'src/methods/b.ts': uses('mongodb') }],
  ['xml-only-in-codec', 'src/ops/c.ts → node_modules/saxes', { 'src/ops/c.ts': uses('saxes') }],
  ['xml-only-in-codec', 'src/ops/d.ts → node_modules/fast-xml-parser', { 'src/ops/d.ts': uses('fast-xml-parser') }],
  ['xml-only-in-codec', 'src/ops/e.ts → node_modules/xmlbuilder2', { 'src/ops/e.ts': uses('xmlbuilder2') }],
  ['operations-only-in-ops', 'src/amqp/c.ts → node_modules/pino', { 'src/amqp/c.ts': uses('pino') }],
  ['operations-only-in-ops', 'src/amqp/d.ts → node_modules/prom-client', { 'src/amqp/d.ts': uses('prom-client') }],
  ['ajv-only-in-settings', 'src/amqp/e.ts → node_modules/ajv', { 'src/amqp/e.ts': uses('ajv') }],
  ['patterns-only-in-reply-to-pattern', 'src/amqp/r.ts → node_modules/re2js', { 'src/amqp/r.ts': uses('re2js') }],
  ['process-only-in-main', 'src/amqp/f.ts → process', { 'src/amqp/f.ts': uses('node:process') }],
  [
    'infrastructure-imports-nothing-else',
    'infrastructure/a.ts → chaos/random.ts',
    { 'infrastructure/a.ts': uses('../chaos/random.ts'), 'chaos/random.ts': 'export {};\n' },
  ],
  [
    'infrastructure-by-its-public-modules',
    'bench/a.ts → infrastructure/lock.ts',
    { 'bench/a.ts': uses('../infrastructure/lock.ts'), 'infrastructure/lock.ts': 'export {};\n' },
  ],
  [
    'chaos-by-its-public-modules',
    'test/b.ts → chaos/proxy/frames.ts',
    { 'test/b.ts': uses('../chaos/proxy/frames.ts'), 'chaos/proxy/frames.ts': 'export {};\n' },
  ],
  [
    'nobody-imports-the-bench',
    'scripts/a.ts → bench/figures.ts',
    { 'scripts/a.ts': uses('../bench/figures.ts'), 'bench/figures.ts': 'export {};\n' },
  ],
  [
    'no-cycle',
    'src/mongo/c.ts → src/mongo/d.ts → src/mongo/c.ts',
    { 'src/mongo/c.ts': `${usesType('./d.ts')}${aType}`, 'src/mongo/d.ts': `${usesType('./c.ts')}${aType}` },
  ],
  [
    'production-does-not-know-tests',
    'src/mongo/e.ts → test/a.ts',
    { 'src/mongo/e.ts': uses('../../test/a.ts'), 'test/a.ts': 'export {};\n' },
  ],
  [
    'no-development-packages-in-production',
    'src/mongo/f.ts → node_modules/fast-check',
    { 'src/mongo/f.ts': uses('fast-check') },
  ],
  ['only-declared-packages', 'src/mongo/g.ts → node_modules/lodash', { 'src/mongo/g.ts': uses('lodash') }],
  ['only-what-resolves', 'src/mongo/h.ts → ./nowhere.ts', { 'src/mongo/h.ts': uses('./nowhere.ts') }],
  [
    'the-command-line-is-a-program',
    'src/ops/k.ts → src/cli/k.ts',
    { 'src/ops/k.ts': usesType('../cli/k.ts'), 'src/cli/k.ts': aType },
  ],
  [
    'the-command-line-gets-its-connections',
    'src/cli/l.ts → src/mongo/l.ts',
    { 'src/cli/l.ts': uses('../mongo/l.ts'), 'src/mongo/l.ts': 'export {};\n' },
  ],
  [
    'the-console-gets-its-connections',
    'src/console/n.ts → src/mongo/n.ts',
    { 'src/console/n.ts': uses('../mongo/n.ts'), 'src/mongo/n.ts': 'export {};\n' },
  ],
  [
    'the-console-is-a-program',
    'src/ops/o.ts → src/console/o.ts',
    { 'src/ops/o.ts': usesType('../console/o.ts'), 'src/console/o.ts': aType },
  ],
  ['console-packages-only-in-console', 'src/ops/p.ts → node_modules/hono', { 'src/ops/p.ts': uses('hono') }],
  ['command-line-packages-only-in-cli', 'src/ops/m.ts → node_modules/commander', { 'src/ops/m.ts': uses('commander') }],
  [
    'opentelemetry-only-where-it-is-loaded',
    'src/tracing/o.ts → node_modules/@opentelemetry/resources',
    { 'src/tracing/o.ts': uses('@opentelemetry/resources') },
  ],
];

test('every planted import is found, under the name of its rule', async () => {
  const folder = sandbox(Object.assign({}, ...PLANTED.map(([, , files]) => files)) as Record<string, string>, [
    'package.json',
  ]);
  const found = await importProblems(folder);
  const firstLines = found.map((problem) =>
    problem.split('\n', 1)[0]?.replaceAll(/(\.\.\/)+.*?node_modules/g, 'node_modules'),
  );
  const missed = PLANTED.filter(([rule, way]) => !firstLines.some((line) => line?.startsWith(`${rule}: ${way}`)));
  expect(missed.map(([rule, way]) => `${rule}: ${way}`)).toEqual([]);
});

test('every rule is planted, and carries its reason', () => {
  expect(new Set(PLANTED.map(([rule]) => rule))).toEqual(new Set(rules.forbidden.map(({ name }) => name)));
  for (const { name, comment } of rules.forbidden) expect(comment?.length ?? 0, name).toBeGreaterThan(20);
});

test('a problem is reported with the reason of its rule', async () => {
  const [problem] = await importProblems(sandbox({ 'src/protocol/a.ts': uses('node:crypto') }));
  expect(problem).toContain(rules.forbidden.find(({ name }) => name === 'leaves-import-nothing')?.comment);
});

test('a checker that does not see a file fails instead of reporting success', async () => {
  const folder = sandbox({ 'src/mongo/a.ts': usesType('../protocol/greeting.ts') });
  const blind = { ...rules, options: { ...rules.options, exclude: '^src/mongo' } };
  writeFileSync(join(folder, SETTINGS), JSON.stringify(blind));
  const found = await importProblems(folder);
  expect(found.join('\n')).toContain('not-seen: src/mongo/a.ts');
});

test('a checker that does not start fails', async () => {
  const folder = sandbox();
  writeFileSync(join(folder, SETTINGS), '{ not JSON');
  expect((await importProblems(folder)).join('')).not.toBe('');
});
