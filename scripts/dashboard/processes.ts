import type { Row } from './panels.ts';

const WORKERS = 'job="contacts-worker", instance=~"$instance"';

export const PROCESSES: Row = {
  title: 'Worker processes',
  panels: [
    {
      title: 'Memory',
      description: 'Resident memory by worker. Compose ends a worker at WORKER_MEMORY (512 MiB).',
      unit: 'bytes',
      lines: {
        '{{instance}}': `process_resident_memory_bytes{${WORKERS}}`,
        'heap {{instance}}': `nodejs_heap_size_used_bytes{${WORKERS}}`,
      },
    },
    {
      title: 'CPU',
      description: 'Seconds of processor time per second. One worker uses little more than one core.',
      unit: 'short',
      lines: { '{{instance}}': `rate(process_cpu_seconds_total{${WORKERS}}[$__rate_interval])` },
    },
    {
      title: 'Event loop delay, p99',
      description: 'How late timers fire. Everything in the worker waits at least this long.',
      unit: 's',
      lines: { '{{instance}}': `nodejs_eventloop_lag_p99_seconds{${WORKERS}}` },
    },
    {
      title: 'Garbage collection',
      description: 'Seconds of pauses per second, by kind.',
      unit: 'short',
      lines: { '{{kind}}': `sum by (kind) (rate(nodejs_gc_duration_seconds_sum{${WORKERS}}[$__rate_interval]))` },
    },
    {
      title: 'Starts',
      description: 'Starts of each worker within 30 minutes. More than two: it ends again and again.',
      unit: 'short',
      lines: { '{{instance}}': `changes(process_start_time_seconds{${WORKERS}}[30m])` },
    },
    {
      title: 'Log lines dropped, attempts not recorded',
      description: 'Both are zero where all is well.',
      unit: 'short',
      lines: {
        'log lines {{instance}}': `increase(contacts_log_lines_dropped_total{${WORKERS}}[10m])`,
        'attempts {{instance}}': `increase(contacts_attempts_uncounted_total{${WORKERS}}[10m])`,
      },
    },
  ],
};

export const BROKER: Row = {
  title: 'Broker',
  panels: [
    {
      title: 'Messages',
      description: 'All queues of the broker.',
      unit: 'reqps',
      lines: {
        received: 'sum(rate(rabbitmq_global_messages_received_total[$__rate_interval]))',
        delivered: 'sum(rate(rabbitmq_global_messages_delivered_total[$__rate_interval]))',
        returned: 'sum(rate(rabbitmq_global_messages_unroutable_returned_total[$__rate_interval]))',
      },
    },
    {
      title: 'Memory',
      description: 'At the limit the broker blocks publishers: workers cannot answer.',
      unit: 'bytes',
      lines: {
        '{{instance}}': 'rabbitmq_process_resident_memory_bytes',
        'limit {{instance}}': 'rabbitmq_resident_memory_limit_bytes',
      },
    },
    {
      title: 'Free disk space',
      description: 'At the limit the broker blocks publishers: workers cannot answer.',
      unit: 'bytes',
      lines: {
        '{{instance}}': 'rabbitmq_disk_space_available_bytes',
        'limit {{instance}}': 'rabbitmq_disk_space_available_limit_bytes',
      },
    },
  ],
};
