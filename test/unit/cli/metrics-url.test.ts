import { expect, test } from 'vitest';

import { metricsUrls } from '../../../src/cli/options.ts';

test.each([
  'http://me:secret@worker:8080/metrics',
  'http://me@worker:8080/metrics',
  'file:///etc/passwd',
  'worker:8080',
])('no metrics are read from %s, and the message does not repeat it', (text) => {
  expect(() => metricsUrls(text)).toThrow(
    /^It is not a URL http:\/\/HOST:PORT\/metrics, without a user and a password\.$/,
  );
});

test('several pages of metrics are listed in their order', () => {
  const [first, second] = ['http://worker-1:8080/metrics', 'https://worker-2/metrics?x=1'];
  expect(metricsUrls(second, metricsUrls(first))).toEqual([first, second]);
});
