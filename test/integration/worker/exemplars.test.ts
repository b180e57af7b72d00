import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { run } from '../../../infrastructure/command.ts';
import { ensureDocker } from '../../../infrastructure/docker.ts';
import { ensureImages } from '../../../infrastructure/images.ts';
import { getRequest } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { api, query } from '../../support/prometheus.ts';
import { Requester } from '../../support/requester.ts';
import { workerProcesses } from './worker-processes.ts';

const TRACE = '5bf92f3577b34da6a3ce929d0e0e4737';
const CONTAINER = ['run', '-d', '--rm', '--network', 'host'];
const names = freshNames();
const startProcess = workerProcesses(10_000);
let requester: Requester;
let workerPort: number;
let prometheusUrl: string;

beforeAll(async () => {
  requester = await Requester.open(names.amqpUrl, names.queue);
  return () => requester.close();
});

/** A Prometheus of its own, on the host's network: Linux only. */
beforeAll(async () => {
  await ensureDocker();
  const { prometheus } = await ensureImages('prometheus');
  workerPort = await freePort();
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'contacts-exemplars-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'prometheus.yml'), configuration(workerPort));
  const name = `contacts-exemplars-${randomBytes(4).toString('hex')}`;
  await run('docker', [
    ...CONTAINER,
    `--name=${name}`,
    `--volume=${folder}:/files:ro`,
    prometheus,
    '--config.file=/files/prometheus.yml',
    '--storage.tsdb.path=/tmp/data',
    `--web.listen-address=127.0.0.1:${port}`,
    '--enable-feature=exemplar-storage',
  ]);
  prometheusUrl = `http://127.0.0.1:${port}`;
  return async () => {
    await run('docker', ['rm', '-f', name]);
  };
}, 600_000);

function configuration(port: number): string {
  return `
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: contacts-worker
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`;
}

interface ExemplarSeries {
  readonly seriesLabels: Readonly<Record<string, string>>;
  readonly exemplars: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: string }[];
}

test('Prometheus finds the trace of a request in the bucket of its duration, and the same series as before', async () => {
  const worker = startProcess(names, {
    HTTP_PORT: String(workerPort),
    // Nothing listens there: exemplars name the trace, whoever receives it.
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
  });
  await expect.poll(() => worker.output()).toContain('consuming requests');
  await requester.request(getRequest(1), { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
  await requester.request(getRequest(1), { headers: { traceparent: `00-${'6'.repeat(32)}-00f067aa0ba902b7-00` } });

  interface Targets {
    readonly activeTargets: readonly { readonly lastError: string; readonly health: string }[];
  }
  const targets = async (): Promise<unknown> => (await api<Targets>(prometheusUrl, 'targets')).activeTargets;
  await expect.poll(targets, { timeout: 30_000 }).toMatchObject([{ lastError: '', health: 'up' }]);

  const exemplars = async (): Promise<readonly ExemplarSeries[]> => {
    const now = Date.now() / 1_000;
    const range = new URLSearchParams({
      query: '{__name__=~"contacts_.+"}',
      start: `${now - 600}`,
      end: `${now + 60}`,
    });
    return api(prometheusUrl, `query_exemplars?${range.toString()}`);
  };
  await expect.poll(exemplars, { timeout: 30_000 }).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        seriesLabels: expect.objectContaining({
          __name__: 'contacts_request_duration_seconds_bucket',
          method: 'contact.get',
        }),
        exemplars: [expect.objectContaining({ labels: { trace_id: TRACE } })],
      }),
      expect.objectContaining({
        seriesLabels: expect.objectContaining({ __name__: 'contacts_stage_duration_seconds_bucket', stage: 'confirm' }),
      }),
    ]),
  );
  expect(JSON.stringify(await exemplars())).not.toContain('6666');
  const counted = async (): Promise<unknown> =>
    (await query(prometheusUrl, 'sum by (code) (contacts_requests_total)')).samples.map(({ value }) => value);
  await expect.poll(counted, { timeout: 30_000 }).toEqual([2]);
});
