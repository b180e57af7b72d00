import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { networkFailure } from '../../../src/protocol/network-failure.ts';

/** What TLS says to a server that answers so. */
async function tlsError(answer: string): Promise<unknown> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(answer));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const [error] = (await once(connect({ host: '127.0.0.1', port }), 'error')) as unknown[];
  return error;
}

test('a port without TLS is reported as such', async () => {
  expect(networkFailure(await tlsError('AMQP\0\0\u0009\u0001'))).toContain('does not speak TLS at that port');
  expect(networkFailure(await tlsError(''))).toContain('may not speak TLS at that port');
});

test.each([
  ['ECONNREFUSED', 'ECONNREFUSED: nothing listens at that host and port'],
  ['ENOTFOUND', 'ENOTFOUND: the host name is not known'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /^DEPTH_ZERO_SELF_SIGNED_CERT: .* self-signed/],
  ['SELF_SIGNED_CERT_IN_CHAIN', /^SELF_SIGNED_CERT_IN_CHAIN: the authority .* is not trusted here$/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /is for another host name$/],
  ['CERT_HAS_EXPIRED', /has expired$/],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: the TLS handshake failed'],
])('%s is reported in words of ours, without those of the error', (code, expected) => {
  const told = networkFailure(Object.assign(new Error('secret.example.org'), { code }));
  expect(told).toMatch(expected);
  expect(told).not.toContain('secret');
});

test.each([undefined, 'text', new Error('x'), Object.assign(new Error('x'), { code: 5 }), { code: 'ECONNREFUSED' }])(
  'nothing is told of %s',
  (error) => {
    expect(networkFailure(error)).toBeUndefined();
  },
);
