import { expect, test } from 'vitest';

import { prefersOpenMetrics } from '../../../src/ops/open-metrics.ts';
import { started } from './http-endpoint.ts';

/** What Prometheus 2 and 3 send. */
const PROMETHEUS = [
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
];

test.each([
  ...PROMETHEUS,
  'application/openmetrics-text',
  'TEXT/plain;q=0.5, Application/OpenMetrics-Text; version=1.0.0',
])('OpenMetrics is preferred by: %s', (accept) => {
  expect(prefersOpenMetrics(accept)).toBe(true);
});

test.each([
  undefined,
  '',
  '*/*',
  'text/plain',
  'application/openmetrics-text;q=0',
  'application/openmetrics-text;version=0.0.1',
  'application/openmetrics-text;q=0.4,text/plain;q=0.5',
  'application/openmetrics-text;q=many',
  `application/openmetrics-text;q=0${';'.repeat(4_000)}`,
])('the text of Prometheus is preferred by: %s', (accept) => {
  expect(prefersOpenMetrics(accept)).toBe(false);
});

test('the endpoint answers each client in its format, where there are two', async () => {
  const plain = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('a 1\n') };
  const openMetrics = { contentType: 'application/openmetrics-text', text: () => Promise.resolve('# EOF\n') };
  const [both, one] = [await started({ metrics: { ...plain, openMetrics } }), await started({ metrics: plain })];
  const ask = async (url: string, accept: string): Promise<[string | null, string]> => {
    const answer = await fetch(`${url}/metrics`, { headers: { accept } });
    return [answer.headers.get('content-type'), await answer.text()];
  };
  for (const accept of PROMETHEUS) {
    expect(await ask(both.url, accept)).toEqual(['application/openmetrics-text', '# EOF\n']);
    expect(await ask(one.url, accept)).toEqual(['text/plain; version=0.0.4', 'a 1\n']);
  }
  expect(await ask(both.url, '*/*')).toEqual(['text/plain; version=0.0.4', 'a 1\n']);
});
