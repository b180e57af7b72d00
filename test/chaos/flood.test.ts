import { afterAll, beforeAll, expect, test } from 'vitest';

import { flood } from '../../bench/flood/flood.ts';
import { floodTable } from '../../bench/flood/table.ts';
import { problemsOf } from '../../bench/flood/verdict.ts';
import { startBroker, startDatabase, type OwnServer } from '../support/servers.ts';

let servers: readonly OwnServer[] = [];

beforeAll(async () => {
  servers = await Promise.all([startBroker(), startDatabase()]);
}, 180_000);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.remove()));
});

test('a byte of a hostile document costs the worker no more than an honest one, and memory stays bounded', async () => {
  const [amqpUrl, mongodbUrl] = servers.map(({ url }) => url) as [string, string];
  const figures = await flood({ amqpUrl, mongodbUrl, seconds: 2, name: 'flood' });
  console.log(floodTable(figures));
  expect(problemsOf(figures)).toEqual([]);
});
