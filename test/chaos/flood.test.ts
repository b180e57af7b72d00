import { afterAll, beforeAll, expect, test } from 'vitest';

import { attempt, ROOT } from '../../infrastructure/command.ts';
import { startBroker, startDatabase, type OwnServer } from '../support/servers.ts';

let servers: readonly OwnServer[] = [];

beforeAll(async () => {
  servers = await Promise.all([startBroker(), startDatabase()]);
}, 180_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
});

test('a byte of a hostile document costs the worker no more than an honest one, and memory stays bounded', async () => {
  const [AMQP_URL, MONGODB_URL] = servers.map(({ url }) => url);
  const env = { AMQP_URL, MONGODB_URL };
  const kinds = 'oversized,huge,deep,malformed,slow,headers';
  // Other tests use the machine meanwhile, so that shares vary.
  const args = ['bench/flood/main.ts', '--seconds', '2', '--rounds', '1', '--kinds', kinds, '--min-share', '0.2'];
  const { code, output } = await attempt(process.execPath, args, { cwd: ROOT, env, limitMs: 120_000 });
  console.log(output);
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/^slow +\d+/m);
});
