import { expect, test } from 'vitest';

import { bucketsBetween, bucketsOf, quantile } from '../../../src/console/live/histogram.ts';
import { verdictsOf } from '../../../src/console/live/overview.ts';
import { comparable, failureRates, ratesOf, type PagePair } from '../../../src/console/live/rates.ts';
import { holdsOf, readWorkerPage, type WorkerPage } from '../../../src/console/live/worker-page.ts';

/** A page of a worker that has answered `ok` and `failed` creates, each within `le` seconds. */
function page(ok: number, failed: number, more = ''): WorkerPage {
  return readWorkerPage(`process_start_time_seconds 1000
contacts_ready 1
contacts_in_flight 2
contacts_requests_total{method="contact.create",status="ok",code="OK"} ${ok}
contacts_requests_total{method="contact.create",status="fail",code="INVALID_PARAMS"} ${failed}
contacts_request_duration_seconds_bucket{le="0.01",method="contact.create"} ${ok}
contacts_request_duration_seconds_bucket{le="0.1",method="contact.create"} ${ok + failed}
contacts_request_duration_seconds_bucket{le="+Inf",method="contact.create"} ${ok + failed}
${more}`);
}

test('a quantile is interpolated within its bucket, and no more than the last bound', () => {
  const buckets = new Map([
    [1, 50],
    [2, 100],
    [Infinity, 110],
  ]);
  expect(quantile(buckets, 0.25)).toBeCloseTo(0.55);
  expect(quantile(buckets, 0.5)).toBeCloseTo(1.1);
  expect(quantile(buckets, 0.99)).toBe(2);
  expect(quantile(new Map(), 0.5)).toBeUndefined();
  expect(quantile(bucketsBetween(buckets, buckets), 0.5)).toBeUndefined();
});

test('rates and latencies are those between two looks', () => {
  const pairs: readonly PagePair[] = [[page(100, 10), page(190, 20)]];
  expect(ratesOf(pairs, 2)).toMatchObject({ ok_per_second: 45, failed_per_second: 5, p50_ms: 5.56 });
  expect(ratesOf(pairs, 2, 'contact.get')).toMatchObject({ ok_per_second: 0, p50_ms: null });
  expect(failureRates(pairs, [page(190, 20)], 2)).toEqual([{ code: 'INVALID_PARAMS', per_second: 5, total: 20 }]);
});

test('a worker that started again in between counts for no rate', () => {
  const again = { ...page(5, 0), startedAt: 2_000 };
  expect(comparable([[page(100, 10), again]])).toEqual([]);
  expect(comparable([[page(100, 10), page(99, 10)]])).toEqual([]);
});

test('why a worker holds is told in words; a reason of a later version by its name', () => {
  const held = page(1, 0, 'contacts_intake_held{reason="database"} 1\ncontacts_intake_held{reason="moon"} 1');
  expect(holdsOf(held).map(({ text }) => text)).toEqual([expect.stringContaining('database is unavailable'), 'moon']);
  expect(holdsOf(page(1, 0, 'contacts_cautious 1'))).toMatchObject([{ code: 'cautious' }]);
  expect(holdsOf({ ...page(1, 0), ready: false })).toMatchObject([{ code: 'not-ready' }]);
  expect(holdsOf(page(1, 0))).toEqual([]);
});

test('the most serious verdict comes first', () => {
  const levels = (broker: Parameters<typeof verdictsOf>[1]): string[] =>
    verdictsOf('q', broker, []).map(({ level, text }) => `${level}: ${text}`);
  const queue = (messages: number, consumers: number) => ({ messages, consumers });
  const problem = undefined;
  expect(levels({ problem, requests: queue(5, 0), dead: queue(2, 0) })).toEqual([
    'critical: 5 requests wait, and no worker consumes q.',
    'warning: 2 dead letters need a person.',
  ]);
  expect(levels({ problem, requests: queue(5, 1), dead: queue(0, 0) })).toEqual([expect.stringMatching(/^ok: /)]);
  expect(levels({ problem, requests: undefined, dead: undefined })[0]).toMatch(/^critical: The queue q does not exist/);
  expect(levels({ problem: 'refused', requests: undefined, dead: undefined })[0]).toMatch(/refused/);
});

test('series of several methods add up', () => {
  const { samples } = page(3, 1, 'contacts_request_duration_seconds_bucket{le="+Inf",method="contact.get"} 6');
  expect(bucketsOf(samples, 'contacts_request_duration_seconds').get(Infinity)).toBe(10);
});
