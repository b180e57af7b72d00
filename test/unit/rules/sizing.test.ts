import { expect, test } from 'vitest';

import { moneyOf, readSizingInput, sizeOf, type Assumptions, type Cloud } from '../../../scripts/rules/sizing.ts';

const COSTS = {
  workerMicros: 200,
  brokerMicros: 100,
  followerMicros: 50,
  databaseMicros: 400,
  queuePerSecond: 8_000,
  contactBytes: 1_024,
  messageBytes: 1_000,
};
const ASSUMED: Assumptions = {
  busy: 0.5,
  brokers: 3,
  databaseMembers: 3,
  coresOfOneDatabase: 32,
  contacts: 1_048_576,
  hoursAMonth: 100,
};
const CLOUD: Cloud = {
  name: 'a cloud',
  diskGibMonth: 1,
  machines: [
    { name: 'small', cores: 2, hour: 1 },
    { name: 'large', cores: 32, hour: 10 },
  ],
};

test('a small site: two workers, one queue, the smallest machines', () => {
  expect(sizeOf(100, COSTS, ASSUMED)).toEqual({
    perSecond: 100,
    workers: 2,
    queues: 1,
    brokers: { count: 3, coresOfEach: 2 },
    shards: 1,
    database: { count: 3, coresOfEach: 2 },
    diskGib: 3,
    megabitsPerSecond: 1,
  });
});

test('a large site: each resource is used by half, and the database is sharded', () => {
  // Cores at full use: workers 20, brokers 20 in all, database 40.
  expect(sizeOf(100_000, COSTS, ASSUMED)).toMatchObject({
    workers: 41,
    queues: 25,
    brokers: { count: 3, coresOfEach: 14 },
    shards: 3,
    database: { count: 9, coresOfEach: 27 },
  });
});

test('money: two workers share a machine, every member has its own, and each disk counts', () => {
  const size = sizeOf(100, COSTS, ASSUMED);
  expect(moneyOf(size, CLOUD, ASSUMED)).toBe((1 + 3 + 3) * 100 + 3);
  const large = { ...size, database: { count: 3, coresOfEach: 33 } };
  expect(() => moneyOf(large, CLOUD, ASSUMED)).toThrow('a cloud has no machine with 33 cores');
});

test('the figures of the page can be computed for each of its clouds', () => {
  const { costs, assumptions, clouds } = readSizingInput();
  const size = sizeOf(100_000, costs, assumptions);
  for (const cloud of clouds) expect(moneyOf(size, cloud, assumptions)).toBeGreaterThan(0);
  expect(clouds.length).toBeGreaterThan(1);
});
