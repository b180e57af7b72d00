import { expect, test } from 'vitest';
import { amqpUrlProblem, brokerAddress } from '../../../../src/amqp/connection/url.ts';

const guest = { username: 'guest', password: 'guest', vhost: '%2F' };

test.each([
  ['amqp://h', { protocol: 'amqp', hostname: 'h', ...guest }],
  ['amqps://h:5671/', { protocol: 'amqps', hostname: 'h', port: 5671, ...guest }],
  ['amqp://[::1]:1', { protocol: 'amqp', hostname: '::1', port: 1, ...guest }],
  ['amqp://b%C3%BCcher.example', { protocol: 'amqp', hostname: 'xn--bcher-kva.example', ...guest }],
  ['amqp://h/%2F', { protocol: 'amqp', hostname: 'h', ...guest }],
  ['amqp://h/%2f', { protocol: 'amqp', hostname: 'h', ...guest }],
  ['amqp://h/a%20b', { protocol: 'amqp', hostname: 'h', ...guest, vhost: 'a%20b' }],
  ['amqp://h/caf%C3%A9', { protocol: 'amqp', hostname: 'h', ...guest, vhost: 'caf%C3%A9' }],
  ['amqp://u@h', { protocol: 'amqp', hostname: 'h', username: 'u', password: '', vhost: '%2F' }],
  [
    `amqp://j%C3%A4ne:${encodeURIComponent('pässwörd€@:/?#%+')}@h`,
    { protocol: 'amqp', hostname: 'h', username: 'jäne', password: 'pässwörd€@:/?#%+', vhost: '%2F' },
  ],
  ['amqp://u:pässwörd€@h', { protocol: 'amqp', hostname: 'h', username: 'u', password: 'pässwörd€', vhost: '%2F' }],
  [
    'amqp://h?frameMax=8192&channelMax=0&heartbeat=20&locale=en_US&maxFrameSize=131072',
    {
      protocol: 'amqp',
      hostname: 'h',
      ...guest,
      frameMax: 8192,
      channelMax: 0,
      heartbeat: 20,
      locale: 'en_US',
      maxFrameSize: 131_072,
    },
  ],
  [
    'amqp://u:p@h?auth_mechanism=plain',
    { protocol: 'amqp', hostname: 'h', username: 'u', password: 'p', vhost: '%2F' },
  ],
  ['amqps://h?auth_mechanism=EXTERNAL', { protocol: 'amqps', hostname: 'h', vhost: '%2F', loginByCertificate: true }],
])('%s is parsed', (url, address) => {
  expect(brokerAddress(url)).toEqual(address);
});

test.each([
  ['http://h', 'must be a URL amqp://'],
  ['h:5672', 'must be a URL amqp://'],
  ['amqp:h', 'must be a URL amqp://'],
  ['amqp://', 'names no host'],
  ['amqp://u:p@', 'names no host'],
  ['amqp://:5672', 'names no host'],
  ['amqp:///vhost', 'names no host'],
  ['amqp://h:99999', 'port'],
  ['amqp://h:0', 'port'],
  ['amqp://h:x', 'port'],
  ['amqp://h:', 'port'],
  ['amqp://[::1', 'must be a URL'],
  ['amqp://u:%zz@h', '% in its password'],
  ['amqp://%:p@h', '% in its user name'],
  ['amqp://u:%E4@h', '% in its password'],
  ['amqp://u:a%00b@h', '%00'],
  ['amqp://:p@h', 'no user name'],
  ['amqp://h/%zz', '% in its virtual host'],
  [`amqp://h/${'v'.repeat(256)}`, 'more than 255 bytes'],
  ['amqp://h/v#x', '#'],
  ['amqp://u:p a@h', 'blank'],
  ['amqp://u:p\ta@h', 'control character'],
  ['amqp://h?frameMax=4096', 'frameMax that is not 0 or a whole number from 8192'],
  ['amqp://h?frameMax=1e5', 'frameMax'],
  ['amqp://h?frameMax=4294967296', 'frameMax'],
  ['amqp://h?channelMax=70000', 'channelMax'],
  ['amqp://h?channelMax=1', 'channelMax'],
  ['amqp://h?heartbeat=70000', 'heartbeat'],
  ['amqp://h?heartbeat=-1', 'heartbeat'],
  ['amqp://h?heartbeat=', 'heartbeat'],
  ['amqp://h?maxFrameSize=8191', 'maxFrameSize'],
  ['amqp://h?maxFrameSize=8192', 'maxFrameSize below its frameMax'],
  ['amqp://h?locale=en US', 'blank'],
  ['amqp://h?locale=', 'locale'],
  ['amqp://h?heartbeat=10&heartbeat=10', 'more than once'],
  ['amqp://h?framemax=131072', 'parameter framemax, which is unknown; there are frameMax'],
  ['amqp://h?connection_timeout=5', 'parameter connection_timeout'],
  ['amqp://h?auth_mechanism=external', 'auth_mechanism=external and no TLS'],
  ['amqps://u@h?auth_mechanism=external', 'auth_mechanism=external and a user name or password'],
  ['amqps://u:p@h?auth_mechanism=external', 'auth_mechanism=external and a user name or password'],
  ['amqps://h?auth_mechanism=amqplain', 'auth_mechanism that is neither plain nor external'],
  ['amqps://h?auth_mechanism=', 'auth_mechanism that is neither plain nor external'],
  ['amqps://h?auth_mechanism=external&auth_mechanism=plain', 'auth_mechanism more than once'],
  ['amqps://h?authMechanism=external', 'parameter authMechanism, which is unknown'],
  ['amqp://h?__proto__=5', 'unknown parameter'],
])('%s is rejected: %s', (url, words) => {
  expect(amqpUrlProblem(url)).toContain(words);
});

test.each([
  'amqp://u:S3CR3T/x@h',
  'amqp://u:S3?CR3T=1@h',
  'amqp://u:a@S3?CR3T=1@h',
  'amqp://u:1/S3?CR3T=x@h',
  'amqp://u:#S3CR3T@h',
])('a password that is not encoded, %s, is rejected and not repeated', (url) => {
  expect(amqpUrlProblem(url)).toMatch(/^(?!.*(?:S3|CR3T)).+/);
});
