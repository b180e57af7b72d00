import type { Row } from './panels.ts';

/** Selects the workers that the person chose at the top of the page. */
const CHOSEN = 'instance=~"$instance"';
const RATE = '[$__rate_interval]';

/** `sum by (labels) (rate(metric))` of the chosen workers. */
export function rateOf(metric: string, by = '', more = ''): string {
  const grouped = by === '' ? 'sum' : `sum by (${by}) `;
  return `${grouped}(rate(${metric}{${CHOSEN}${more === '' ? '' : `, ${more}`}}${RATE}))`;
}

function quantile(fraction: number, metric: string, by = ''): string {
  return `histogram_quantile(${fraction}, ${rateOf(`${metric}_bucket`, by === '' ? 'le' : `le, ${by}`)})`;
}

const DURATION = 'contacts_request_duration_seconds';

/** The state at one look. */
export const OVERVIEW: Row = {
  title: 'Now',
  panels: [
    {
      title: 'Workers ready',
      description: 'Workers that consume requests and reach the database.',
      unit: 'short',
      expr: 'sum(contacts_ready) or vector(0)',
      needed: true,
    },
    {
      title: 'Alerts',
      description: 'Alerts that fire. docs/operations/alerts.md has a section for each.',
      unit: 'short',
      expr: 'count(ALERTS{alertstate="firing", alertname=~"Contacts.+", severity!="none"}) or vector(0)',
      orange: 1,
    },
    {
      title: 'Requests',
      description: 'Requests completed per second.',
      unit: 'reqps',
      expr: rateOf('contacts_requests_total'),
    },
    {
      title: 'Defects',
      description: 'Share of requests answered INTERNAL_ERROR. The objective is less than 0.1 %.',
      unit: 'percentunit',
      expr: 'contacts:failures:ratio_rate5m',
      orange: 0.001,
      red: 0.0144,
    },
    {
      title: 'Latency, p99',
      description: '99 of 100 requests take less, from the delivery to the confirmed answer. The objective is 0.5 s.',
      unit: 's',
      expr: quantile(0.99, DURATION),
      orange: 0.25,
      red: 0.5,
    },
    {
      title: 'Waiting requests',
      description: 'Messages in the request queue that no worker has received.',
      unit: 'short',
      expr: 'contacts:queue_messages',
      orange: 1000,
    },
    {
      title: 'Wait',
      description: 'About how long a request that arrives now waits for its delivery.',
      unit: 's',
      expr: 'contacts:queue_wait_seconds',
      orange: 10,
      red: 60,
    },
    {
      title: 'Dead letters',
      description: 'Requests in the dead-letter queue. `contacts dead-letters list` lists them.',
      unit: 'short',
      expr: 'contacts:dead_letter_queue_messages',
      orange: 1,
    },
  ],
};

export const REQUESTS: Row = {
  title: 'Requests',
  panels: [
    {
      title: 'Requests by method',
      description: 'Requests completed per second. `unknown`: no such method.',
      unit: 'reqps',
      lines: { '{{method}}': rateOf('contacts_requests_total', 'method') },
      stacked: true,
    },
    {
      title: 'Requests that failed, by code',
      description: 'INTERNAL_ERROR is a defect. All other codes are faults of callers; a rise points at one producer.',
      unit: 'reqps',
      lines: { '{{status}} {{code}}': rateOf('contacts_requests_total', 'status, code', 'status!="ok"') },
      stacked: true,
    },
    {
      title: 'Answers by outcome',
      description: '`returned`: the reply queue does not exist. `refused`, `unconfirmed`, `unsendable`: dead-lettered.',
      unit: 'reqps',
      lines: { '{{outcome}}': rateOf('contacts_replies_total', 'outcome') },
      stacked: true,
    },
  ],
};

export const LATENCY: Row = {
  title: 'Latency',
  panels: [
    {
      title: 'Latency',
      description: 'From the delivery to the confirmed answer. The time in the queue is not part of it.',
      unit: 's',
      lines: {
        p50: quantile(0.5, DURATION),
        p90: quantile(0.9, DURATION),
        p99: quantile(0.99, DURATION),
        'p99, to the acknowledgement': quantile(0.99, 'contacts_settlement_duration_seconds'),
      },
    },
    {
      title: 'Latency by method, p99',
      description: 'A list costs more than a get. Compare each method with itself.',
      unit: 's',
      lines: { '{{method}}': quantile(0.99, DURATION, 'method') },
    },
    {
      title: 'Slow requests',
      description: 'Share of requests that take longer than 0.5 s. The objective is less than 1 %.',
      unit: 'percentunit',
      lines: { '5 minutes': 'contacts:slow:ratio_rate5m', '1 hour': 'contacts:slow:ratio_rate1h' },
    },
    {
      title: 'Stages, mean',
      description: 'Where the time goes: decode, wait (for order and batch), database, encode, confirm.',
      unit: 's',
      lines: {
        '{{stage}}': `${rateOf('contacts_stage_duration_seconds_sum', 'stage')} / ${rateOf('contacts_stage_duration_seconds_count', 'stage')}`,
      },
      stacked: true,
    },
    {
      title: 'Stages, p99',
      description: 'The slowest requests by stage. These do not add up to the p99 of the whole.',
      unit: 's',
      lines: { '{{stage}}': quantile(0.99, 'contacts_stage_duration_seconds', 'stage') },
    },
    {
      title: 'Batch size, mean',
      description: 'Requests that share one command. Small batches under load: PREFETCH is too low.',
      unit: 'short',
      lines: {
        '{{method}}': `${rateOf('contacts_batch_size_sum', 'method')} / ${rateOf('contacts_batch_size_count', 'method')}`,
      },
    },
  ],
};
