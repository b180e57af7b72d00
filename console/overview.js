import { Chart } from './chart.js';
import { bytes, duration, fill, h, milliseconds, number, plural, table } from './dom.js';

/** @import { Overview } from '../src/console/live/overview.ts' */
/** @import { QueueState, WorkerState } from '../src/console/live/states.ts' */
/** @import { OldestRequest, Trend } from '../src/console/live/backlog.ts' */
/** @import { FailureRates, MethodRates, StageTime } from '../src/console/live/rates.ts' */
/** @import { Live } from './live.js' */

const MAX_MINUTES = 30;
const perSecond = (value) => `${number(value)}/s`;

/**
 * The section "Overview". Returns what ends it.
 *
 * @param {HTMLElement} main
 * @param {Live} live
 */
export function showOverview(main, live) {
  const verdicts = h('div', { class: 'verdicts', role: 'status' });
  const figures = h('dl', { class: 'figures' });
  const throughput = new Chart('Requests per second', [
    { label: 'ok', color: 'series-1', format: number, area: true },
    { label: 'failed', color: 'series-2', format: number },
  ]);
  const latency = new Chart('Latency, ms', [
    { label: 'p50', color: 'series-3', format: milliseconds },
    { label: 'p95', color: 'series-1', format: milliseconds },
    { label: 'p99', color: 'series-2', format: milliseconds },
  ]);
  const depth = new Chart('Messages', [
    { label: 'waiting', color: 'series-1', format: number, area: true },
    { label: 'in flight', color: 'series-3', format: number },
    { label: 'dead letters', color: 'series-2', format: number },
  ]);
  const [queues, workers, methods, failures, stages] = [h('div'), h('div'), h('div'), h('div'), h('div')];
  const card = (title, content) => h('section', { class: 'card' }, h('h2', {}, title), content);
  main.append(
    h('h1', { class: 'hidden' }, 'Overview'),
    verdicts,
    figures,
    h('div', { class: 'charts' }, throughput.element, latency.element, depth.element),
    queues,
    card('Workers', workers),
    h(
      'div',
      { class: 'columns' },
      card('Methods', methods),
      h('div', {}, card('Failures by code', failures), card('Time by stage', stages)),
    ),
  );
  return live.listen((overview, history) => {
    if (overview === undefined) return;
    fill(
      verdicts,
      overview.verdicts.map(({ level, text, todo }) =>
        h(
          'p',
          { class: `verdict ${level}` },
          h('strong', {}, LEVELS[level]),
          ` ${text}`,
          todo === null ? null : h('span', { class: 'todo' }, todo),
        ),
      ),
    );
    fill(figures, figureList(overview));
    const since = Date.now() - MAX_MINUTES * 60_000;
    const points = history.filter(({ time }) => time > since);
    throughput.show(points, (point) => [point.ok_per_second, point.failed_per_second]);
    latency.show(points, (point) => [point.p50_ms, point.p95_ms, point.p99_ms]);
    depth.show(points, (point) => [point.waiting, point.in_flight, point.dead]);
    fill(queues, overview.queues.length < 2 ? null : card('Request queues', queueTable(overview.queues)));
    fill(workers, workerTable(overview.workers));
    fill(methods, methodTable(overview.methods));
    fill(failures, failureTable(overview.failures));
    fill(stages, stageBars(overview.stages));
  });
}

const LEVELS = { ok: 'Healthy.', warning: 'Attention.', critical: 'Critical.' };

/**
 * How the queue changes, in words.
 *
 * @param {Trend} trend
 */
function trendText({ per_second: change, empty_in_seconds: empty }) {
  if (change === null || Math.abs(change) < 0.05) return 'in the request queue';
  if (change > 0) return `grows by ${perSecond(change)}`;
  return `shrinks by ${perSecond(-change)}, empty in ${duration(empty)}`;
}

/** @param {OldestRequest} oldest */
function oldestText({ age_seconds: age, source }) {
  if (age === null) return 'unknown';
  if (source === 'nothing waits') return '–';
  return source === 'observed' ? `≥ ${duration(age)}` : duration(age);
}

const OLD_SECONDS = 120;

/** @param {Overview} overview */
function figureList({ rates, requests, dead_letters: dead, in_flight, workers, oldest_request: oldest, trend }) {
  const consuming = workers.filter(({ state }) => state === 'consuming').length;
  const isDead = (dead?.messages ?? 0) > 0;
  const all = [
    [
      'Requests',
      perSecond(rates.ok_per_second + rates.failed_per_second),
      `${perSecond(rates.failed_per_second)} failed`,
    ],
    ['Latency p95', milliseconds(rates.p95_ms), `p50 ${milliseconds(rates.p50_ms)}, p99 ${milliseconds(rates.p99_ms)}`],
    ['Waiting', number(requests?.messages), trendText(trend)],
    ['Oldest request', oldestText(oldest), oldest.text, (oldest.age_seconds ?? 0) >= OLD_SECONDS],
    ['In flight', number(in_flight), 'taken and not settled'],
    [
      'Workers',
      `${consuming} / ${workers.length}`,
      plural(requests?.consumers, 'consumer'),
      consuming < workers.length,
    ],
    ['Dead letters', number(dead?.messages), isDead ? 'need a person' : 'none', isDead],
  ];
  return all.map(([name, value, note, alarm]) =>
    h(
      'div',
      { class: alarm ? 'figure alarm' : 'figure' },
      h('dt', {}, name),
      h('dd', { class: 'value' }, value),
      h('dd', { class: 'note' }, note),
    ),
  );
}

const STATES = { consuming: 'consuming', holding: 'holding', unreachable: 'not readable' };

/** @param {readonly QueueState[]} queues */
function queueTable(queues) {
  return table(
    'Request queues',
    [
      { head: 'Queue', cell: ({ name }) => h('code', {}, name) },
      { head: 'Waiting', number: true, cell: ({ messages }) => (messages === null ? 'missing' : number(messages)) },
      { head: 'Consumers', number: true, cell: ({ consumers }) => number(consumers) },
    ],
    queues,
  );
}

/** @param {readonly WorkerState[]} workers */
function workerTable(workers) {
  /** @param {WorkerState} worker */
  const state = ({ state: name, reasons }) => [
    h('span', { class: `state ${name}` }, STATES[name]),
    reasons.map(({ text }) => h('span', { class: 'reason' }, text)),
  ];
  return table(
    'Workers',
    [
      { head: 'Worker', cell: ({ name }) => h('code', {}, name) },
      { head: 'State', cell: state },
      {
        head: 'Requests',
        number: true,
        cell: (worker) => (worker.requests_per_second === null ? '–' : perSecond(worker.requests_per_second)),
      },
      { head: 'In flight', number: true, cell: (worker) => number(worker.in_flight) },
      { head: 'Event loop p99', number: true, cell: (worker) => milliseconds(worker.event_loop_p99_ms) },
      { head: 'Memory', number: true, cell: (worker) => bytes(worker.memory_bytes) },
      { head: 'Reconnects', number: true, cell: (worker) => number(worker.reconnects) },
      { head: 'Up', number: true, cell: (worker) => duration(worker.uptime_seconds) },
    ],
    workers,
    { empty: 'No worker’s metrics are given; start the console with --metrics.' },
  );
}

/** @param {readonly MethodRates[]} methods */
function methodTable(methods) {
  return table(
    'Methods',
    [
      { head: 'Method', cell: ({ method }) => h('code', {}, method) },
      { head: 'OK', number: true, cell: (one) => perSecond(one.ok_per_second) },
      { head: 'Failed', number: true, cell: (one) => perSecond(one.failed_per_second) },
      { head: 'p50', number: true, cell: (one) => milliseconds(one.p50_ms) },
      { head: 'p95', number: true, cell: (one) => milliseconds(one.p95_ms) },
      { head: 'Total', number: true, cell: (one) => number(one.total) },
    ],
    methods,
    { empty: 'No request yet.' },
  );
}

/** @param {readonly FailureRates[]} failures */
function failureTable(failures) {
  return table(
    'Failures by code',
    [
      { head: 'Code', cell: ({ code }) => h('code', {}, code) },
      { head: 'Now', number: true, cell: (one) => perSecond(one.per_second) },
      { head: 'Total', number: true, cell: (one) => number(one.total) },
    ],
    failures,
    { empty: 'No request has failed since the workers started.' },
  );
}

/** @param {readonly StageTime[]} stages */
function stageBars(stages) {
  const known = stages.flatMap(({ stage, mean_ms }) => (mean_ms === null ? [] : [{ stage, mean_ms }]));
  if (known.length === 0) return h('p', { class: 'muted empty' }, 'No request at the moment.');
  const most = Math.max(...known.map(({ mean_ms }) => mean_ms), 0.001);
  return h(
    'dl',
    { class: 'bars' },
    known.map(({ stage, mean_ms }) => [
      h('dt', {}, stage),
      h(
        'dd',
        {},
        h('meter', { min: '0', max: most, value: mean_ms, 'aria-label': `${stage}, mean time` }),
        h('span', {}, milliseconds(mean_ms)),
      ),
    ]),
  );
}
