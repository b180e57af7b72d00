import type { Row } from './panels.ts';
import { rateOf } from './requests.ts';

const REQUEST_QUEUES = 'queue!~".+[.]dead"';
const KNOWN_TO_WORKERS = `max by (queue) (contacts_queue_messages{${REQUEST_QUEUES}})`;

/** The broker's count for the workers' request queues; other queues of the broker are left out. */
function atBroker(metric: string): string {
  return `sum by (queue) (${metric}) and on (queue) ${KNOWN_TO_WORKERS}`;
}

export const QUEUE: Row = {
  title: 'Queue',
  panels: [
    {
      title: 'Waiting requests',
      description: 'Ready messages of the request queue, as the workers and as the broker count them.',
      unit: 'short',
      lines: {
        '{{queue}}': KNOWN_TO_WORKERS,
        '{{queue}} (broker)': atBroker('rabbitmq_detailed_queue_messages_ready'),
      },
    },
    {
      title: 'Wait and age',
      description:
        'Wait: about how long a request that arrives now waits. Age: the oldest request in flight, by its timestamp.',
      unit: 's',
      lines: {
        wait: 'contacts:queue_wait_seconds',
        age: 'max(contacts_oldest_request_age_seconds{instance=~"$instance"})',
      },
    },
    {
      title: 'Consumers by queue',
      description: 'As the broker counts them. A request queue without a consumer is not served.',
      unit: 'short',
      lines: { '{{queue}}': atBroker('rabbitmq_detailed_queue_consumers') },
    },
    {
      title: 'In flight',
      description: 'Requests delivered and not settled, by worker. At PREFETCH for long: the worker is the bottleneck.',
      unit: 'short',
      lines: { '{{instance}}': 'contacts_in_flight{instance=~"$instance"}' },
      stacked: true,
    },
    {
      title: 'Deliveries by settlement',
      description: '`handed-back`: a stop did not drain. `lost`: the channel closed first, and the broker redelivers.',
      unit: 'reqps',
      lines: { '{{settlement}}': rateOf('contacts_deliveries_settled_total', 'settlement') },
      stacked: true,
    },
    {
      title: 'Executions per request',
      description: '1: each request is executed once. More: retries, see "Retries, by reason".',
      unit: 'short',
      lines: {
        '{{method}}': `${rateOf('contacts_attempts_total', 'method')} / ${rateOf('contacts_requests_total', 'method')}`,
      },
    },
  ],
};

export const DEAD_LETTERS: Row = {
  title: 'Dead letters and repeats',
  panels: [
    {
      title: 'Dead letters by reason',
      description: 'Requests that workers dead-lettered within ten minutes. docs/faults.md has the reasons.',
      unit: 'short',
      lines: { '{{reason}}': 'contacts:dead_letters:increase10m' },
      stacked: true,
    },
    {
      title: 'Dead-lettered by the broker',
      description:
        'All queues of the broker. `expired`: the request passed its expiration before a worker received it.',
      unit: 'reqps',
      lines: {
        expired: 'sum(rate(rabbitmq_global_messages_dead_lettered_expired_total[$__rate_interval]))',
        'delivery limit': 'sum(rate(rabbitmq_global_messages_dead_lettered_delivery_limit_total[$__rate_interval]))',
      },
    },
    {
      title: 'Repeats and redeliveries',
      description: 'Repeats: requests answered from an earlier effect. Redeliveries: sent again by the broker.',
      unit: 'reqps',
      lines: {
        'repeats {{method}}': rateOf('contacts_repeats_total', 'method'),
        redeliveries: rateOf('contacts_deliveries_redelivered_total'),
      },
    },
  ],
};

export const FLOW_CONTROL: Row = {
  title: 'Links and flow control',
  panels: [
    {
      title: 'Intake held, by reason',
      description: 'Workers that receive no requests, since these could only wait. Zero is normal.',
      unit: 'short',
      lines: {
        '{{reason}}': 'sum by (reason) (contacts_intake_held{instance=~"$instance"})',
        'one at a time': 'sum(contacts_cautious{instance=~"$instance"})',
        'not ready': 'count(contacts_ready{instance=~"$instance"} == 0) or vector(0)',
      },
    },
    {
      title: 'Links',
      description: 'Links to broker and database that are lost now, and that were restored within ten minutes.',
      unit: 'short',
      lines: {
        'lost: {{link}}': 'sum by (link) (1 - contacts_link_up{instance=~"$instance"})',
        'restored: {{link}}': 'sum by (link) (increase(contacts_reconnects_total{instance=~"$instance"}[10m]))',
      },
    },
    {
      title: 'Retries, by reason',
      description: 'Executions and publishes that were repeated. `unavailable`: the database did not answer.',
      unit: 'reqps',
      lines: {
        'retry: {{reason}}': rateOf('contacts_retries_total', 'reason'),
        'published again: {{reason}}': rateOf('contacts_republished_total', 'reason'),
        'standstill: {{remedy}}': rateOf('contacts_standstills_total', 'remedy'),
      },
    },
  ],
};
