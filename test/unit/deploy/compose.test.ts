import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { ROOT } from '../../../infrastructure/command.ts';
import { settingsSchema } from '../../../src/settings/config.ts';

/** The compose files give these by files, or do not let them be changed. */
const OF_THE_PLACE = /^(?:AMQP_URL|MONGODB_URL|HTTP_PORT|\w+_TLS_\w+)$/;
const SETTINGS = Object.keys(settingsSchema().properties).filter((name) => !OF_THE_PLACE.test(name));

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test.each(['docker-compose.yml', 'docker-compose.cluster.yml'])('%s passes each setting to the workers', (file) => {
  const passed = [...textOf(file).matchAll(/^ +([A-Z_]+): \$\{\1:-\}$/gm)].map(([, name = '']) => name);
  // Prometheus has one, too.
  expect(passed.filter((name) => name !== 'RUNBOOKS').toSorted()).toEqual(SETTINGS.toSorted());
});

test('the page lists each of them', () => {
  const [row = ''] = /^\| `REQUEST_QUEUE`.*$/m.exec(textOf('docs/infrastructure.md')) ?? [];
  const [, names = ''] = row.split('|');
  expect(names.match(/[A-Z_]{2,}/g)?.toSorted()).toEqual(SETTINGS.toSorted());
});
