import { afterAll, beforeAll, expect, test } from 'vitest';

import { outdatedTlsFiles } from '../../../src/settings/tls.ts';
import { Authority, type Issued } from '../../support/certificates.ts';
import { loadConfig, noFiles, problemsOf } from './load-settings.ts';

let authority: Authority;
let client: Issued;

beforeAll(async () => {
  authority = await Authority.create('authority');
  client = await authority.issue('client');
});

afterAll(() => authority.remove());

const AMQPS = 'amqps://one,amqps://two';
const PLAIN_BROKER =
  'is set, but AMQP_URL has an amqp:// URL, which is not encrypted; write amqps:// (its port is 5671), or unset AMQP_TLS_…';

test('the files of both servers are kept as paths, as each connection reads them', () => {
  const config = loadConfig(
    {
      AMQP_URL: AMQPS,
      AMQP_TLS_CA: authority.ca,
      AMQP_TLS_CERT: client.cert,
      AMQP_TLS_KEY: client.key,
      MONGODB_URL: 'mongodb://h/contacts?tls=true',
      MONGODB_TLS_CA: authority.ca,
      MONGODB_TLS_CERT_KEY: client.both,
    },
    noFiles,
  );
  expect(config.amqpTls).toEqual({ ca: authority.ca, cert: client.cert, key: client.key });
  expect(config.mongodbTls).toEqual({ ca: authority.ca, cert: client.both, key: client.both });
});

test('the path itself can come from a file', () => {
  const tls = { AMQP_TLS_CA_FILE: '/secrets/path' };
  const config = loadConfig({ AMQP_URL: AMQPS, ...tls }, () => `${authority.ca}\n`);
  expect(config.amqpTls?.ca).toBe(authority.ca);
});

test('without these settings Node trusts its own authorities', () => {
  const { amqpTls, mongodbTls } = loadConfig({ AMQP_URL: AMQPS, MONGODB_URL: 'mongodb://h/c?tls=true' }, noFiles);
  expect([amqpTls, mongodbTls]).toEqual([undefined, undefined]);
});

test('one URL of the broker without TLS is a problem: nothing may go over it in plain text', () => {
  for (const url of ['amqp://h', 'amqps://one,amqp://two', 'AMQP://h']) {
    expect(problemsOf({ AMQP_URL: url, AMQP_TLS_CA: authority.ca })).toEqual([`AMQP_TLS_CA: ${PLAIN_BROKER}`]);
  }
});

test('a certificate without its key, or a key without its certificate, is a problem', () => {
  expect(problemsOf({ AMQP_URL: AMQPS, AMQP_TLS_CERT: client.cert })).toEqual([
    'AMQP_TLS_CERT: is set without AMQP_TLS_KEY, its private key',
  ]);
  expect(problemsOf({ AMQP_URL: AMQPS, AMQP_TLS_KEY: client.key })).toEqual([
    'AMQP_TLS_KEY: is set without AMQP_TLS_CERT, the certificate that it belongs to',
  ]);
});

test.each([
  ['mongodb://h/c', 'does not ask for TLS; add tls=true'],
  ['mongodb://h/c?tls=false', 'does not ask for TLS; add tls=true'],
  ['mongodb://h/c?tls=true&tlsInsecure=true', 'turns the check of certificates off'],
  ['mongodb://h/c?tls=true&tlsAllowInvalidCertificates=true', 'turns the check of certificates off'],
  ['mongodb://h/c?tls=true&tlsAllowInvalidHostnames=true', 'turns the check of certificates off'],
])('MONGODB_TLS_CA with %s is a problem', (url, words) => {
  const [problem = '', ...more] = problemsOf({ MONGODB_URL: url, MONGODB_TLS_CA: authority.ca });
  expect(problem).toMatch(/^MONGODB_TLS_CA: is set, but /);
  expect(problem).toContain(words);
  expect(more).toEqual([]);
});

test('files in the URL and in the settings are a problem, files in one of them are not', () => {
  const url = `mongodb://h/c?tls=true&tlsCAFile=${encodeURIComponent(authority.ca)}`;
  expect(problemsOf({ MONGODB_URL: url })).toEqual([]);
  expect(problemsOf({ MONGODB_URL: url, MONGODB_TLS_CERT_KEY: client.both })).toEqual([
    'MONGODB_TLS_CERT_KEY: is set, and so is the option tlsCAFile of MONGODB_URL; name the files in one place',
  ]);
});

test('mongodb+srv:// asks for TLS by itself', () => {
  expect(problemsOf({ MONGODB_URL: 'mongodb+srv://h.example.org/c', MONGODB_TLS_CA: authority.ca })).toEqual([]);
});

test('a URL that makes the certificate the login needs one', () => {
  const login = 'amqps://h?auth_mechanism=external';
  const broker = 'AMQP_URL: makes the certificate the login, and none is set; set AMQP_TLS_CERT and AMQP_TLS_KEY';
  for (const url of [login, `amqps://u:p@one,${login}`]) expect(problemsOf({ AMQP_URL: url })).toEqual([broker]);
  expect(problemsOf({ AMQP_URL: login, AMQP_TLS_CA: authority.ca })).toEqual([broker]);
  expect(problemsOf({ AMQP_URL: login, AMQP_TLS_CERT: client.cert, AMQP_TLS_KEY: client.key })).toEqual([]);

  const x509 = 'mongodb://h/c?tls=true&authMechanism=MONGODB-X509';
  expect(problemsOf({ MONGODB_URL: x509 })).toEqual([
    'MONGODB_URL: makes the certificate the login, and none is set; set MONGODB_TLS_CERT_KEY',
  ]);
  expect(problemsOf({ MONGODB_URL: x509, MONGODB_TLS_CERT_KEY: client.both })).toEqual([]);
  expect(problemsOf({ MONGODB_URL: `${x509}&tlsCertificateKeyFile=${encodeURIComponent(client.both)}` })).toEqual([]);
});

test('all problems are in one message, in the order of the documentation, without a path', () => {
  const problems = problemsOf({
    AMQP_URL: 'amqp://h',
    AMQP_TLS_CA: '/S3CRET/ca',
    AMQP_TLS_CERT: client.key,
    MONGODB_URL: 'mongodb://h/c?tls=true',
    MONGODB_TLS_CERT_KEY: authority.ca,
  });
  expect(problems).toEqual([
    `AMQP_TLS_CA: ${PLAIN_BROKER}`,
    'AMQP_TLS_CA: names a file that does not exist',
    'AMQP_TLS_CERT: is set without AMQP_TLS_KEY, its private key',
    'AMQP_TLS_CERT: names a file that holds no certificate',
    'MONGODB_TLS_CERT_KEY: names a file that holds no private key',
  ]);
});

test('an unusable URL is the only problem of its TLS settings', () => {
  const problems = problemsOf({ MONGODB_URL: 'http://h', MONGODB_TLS_CA: authority.ca });
  expect(problems.map((problem) => problem.split(':', 1)[0])).toEqual(['MONGODB_URL']);
});

test('an expired certificate does not stop the start, and is reported by its setting', async () => {
  const expired = await authority.issue('expired', { days: -1 });
  const tls = { AMQP_TLS_CERT: expired.cert, AMQP_TLS_KEY: expired.key };
  const config = loadConfig({ AMQP_URL: AMQPS, ...tls }, noFiles);
  const [found, ...more] = outdatedTlsFiles(config, new Date());
  expect(found?.setting).toBe('AMQP_TLS_CERT');
  expect(found?.problem).toContain('expired on');
  expect(more).toEqual([]);
});
