import { expect, test } from 'vitest';

import { bucketsBetween, bucketsOf, quantile } from '../../../src/console/live/histogram.ts';
import { Backlog, trendOf } from '../../../src/console/live/backlog.ts';
import { allRequests, type BrokerState, type NamedQueue } from '../../../src/console/live/states.ts';
import { verdictsOf } from '../../../src/console/live/verdicts.ts';
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

const figures = (messages: number, consumers: number) => ({ messages, consumers });
const seen = (name: string, messages: number, consumers: number): NamedQueue => ({
  name,
  figures: figures(messages, consumers),
});

test('the most serious verdict comes first, each with the next step', () => {
  const levels = (broker: Partial<BrokerState>): string[] =>
    verdictsOf('q', { problem: undefined, queues: [], dead: undefined, ...broker }, []).map(
      ({ level, text }) => `${level}: ${text}`,
    );
  expect(levels({ queues: [seen('q', 5, 0)], dead: figures(2, 0) })).toEqual([
    'critical: 5 requests wait, and no worker consumes q.',
    'warning: 2 dead letters need a person.',
  ]);
  expect(levels({ queues: [seen('q', 5, 1)], dead: figures(0, 0) })).toEqual([expect.stringMatching(/^ok: /)]);
  const missing = { name: 'q', figures: undefined };
  expect(levels({ queues: [missing] })[0]).toMatch(/^critical: The queue q does not exist/);
  expect(levels({ problem: 'refused' })[0]).toMatch(/refused/);
  const broker = { problem: undefined, queues: [seen('q', 5, 0)], dead: figures(1, 0) };
  const old = { age_seconds: 130, source: 'timestamp', text: 'by its timestamp' } as const;
  const verdicts = verdictsOf('q', broker, [], old);
  expect(verdicts.map(({ text }) => text)).toContain(
    'The oldest request is not answered for 2 minutes (by its timestamp).',
  );
  for (const { todo } of verdicts) expect(todo).toMatch(/[.?]/);
});

test('of several queues each has its verdict, and the sums are of all', () => {
  const queues = [seen('q.0', 5, 1), seen('q.1', 7, 0), { name: 'q.2', figures: undefined }];
  const texts = verdictsOf('q', { problem: undefined, queues, dead: undefined }, []).map(({ text }) => text);
  expect(texts).toEqual([
    'The queue q.2 does not exist. A worker declares it.',
    '7 requests wait, and no worker consumes q.1.',
  ]);
  expect(allRequests(queues, figures(0, 2))).toEqual({ messages: 12, consumers: 0 });
  // One worker is active for both; three consume the roster.
  const active = [seen('q.0', 5, 1), seen('q.1', 7, 1)];
  expect(allRequests(active, figures(0, 3))).toEqual({ messages: 12, consumers: 3 });
  expect(allRequests(active)).toEqual({ messages: 12, consumers: 1 });
  expect(allRequests([seen('q', 1, 4)])).toEqual({ messages: 1, consumers: 4 });
  const none = queues.map(({ name }) => ({ name, figures: undefined }));
  expect(allRequests(none)).toBeUndefined();
  expect(verdictsOf('q', { problem: undefined, queues: none, dead: undefined }, [])).toHaveLength(1);
});

test('the oldest request is known by its timestamp, or since when nobody consumes; else it is unknown', () => {
  const backlog = new Backlog();
  const aged = (seconds: number): WorkerPage => page(1, 0, `contacts_oldest_request_age_seconds ${seconds}`);
  expect(backlog.oldest(0, 0, [])).toMatchObject({ age_seconds: 0, source: 'nothing waits' });
  expect(backlog.oldest(0, 5, [])).toMatchObject({ age_seconds: null, source: 'unknown' });
  expect(backlog.oldest(0, 5, [aged(0)])).toMatchObject({
    source: 'unknown',
    text: expect.stringContaining('timestamp'),
  });
  expect(backlog.oldest(0, 5, [aged(3), aged(61)])).toMatchObject({ age_seconds: 61, source: 'timestamp' });

  backlog.look(0, [seen('q', 5, 0)]);
  backlog.look(60_000, [seen('q', 6, 0)]);
  expect(backlog.oldest(60_000, 6, [])).toMatchObject({ age_seconds: 60, source: 'observed' });
  expect(backlog.oldest(60_000, 6, [aged(90)])).toMatchObject({ age_seconds: 90, source: 'timestamp' });
  // Somebody or something took messages: how old the others are is not known.
  for (const change of [
    () => backlog.look(70_000, [seen('q', 4, 0)]),
    () => backlog.look(70_000, [seen('q', 6, 0)], 1),
  ]) {
    change();
    expect(backlog.oldest(70_000, 4, [])).toMatchObject({ age_seconds: 0, source: 'observed' });
  }
  backlog.look(80_000, [seen('q', 4, 1)]);
  expect(backlog.oldest(80_000, 4, [])).toMatchObject({ source: 'unknown' });
  backlog.look(80_000, [seen('q', 4, 0)]);
  backlog.forget();
  expect(backlog.oldest(99_000, 4, [])).toMatchObject({ source: 'unknown' });
});

test('the trend is that of the last minute', () => {
  const points = (...depths: (number | null)[]) => depths.map((waiting, nth) => ({ time: nth * 10_000, waiting }));
  expect(trendOf(points(0, 100))).toEqual({ per_second: 10, empty_in_seconds: null });
  expect(trendOf(points(9_999, 9_999, 700, 600, 500, 400, 300, 200, 100))).toEqual({
    per_second: -10,
    empty_in_seconds: 10,
  });
  expect(trendOf(points(5, null))).toEqual({ per_second: null, empty_in_seconds: null });
  expect(trendOf(points(5))).toEqual({ per_second: null, empty_in_seconds: null });
  expect(trendOf([])).toEqual({ per_second: null, empty_in_seconds: null });
});

test('series of several methods add up', () => {
  const { samples } = page(3, 1, 'contacts_request_duration_seconds_bucket{le="+Inf",method="contact.get"} 6');
  expect(bucketsOf(samples, 'contacts_request_duration_seconds').get(Infinity)).toBe(10);
});
