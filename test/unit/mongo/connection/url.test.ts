import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mongodbUrlProblem } from '../../../../src/mongo/connection/url.ts';

test.each([
  'mongodb://h/contacts',
  'mongodb://[::1]:27017/contacts',
  'mongodb://%2Ftmp%2Fmongodb.sock/contacts',
  'mongodb://u:p%40%C3%A4w@a:1,b:2,c:3/contacts?replicaSet=rs&authSource=admin&w=majority&retryWrites=true',
  'mongodb+srv://u:p%40w@cluster.example.org/contacts?retryWrites=true',
  'mongodb://h/contacts?tls=true&tlsAllowInvalidHostnames=true&compressors=zstd,zlib&appName=x',
  'mongodb://h/contacts?',
  'mongodb://h/contacts?maxStalenessSeconds=90&readPreference=secondary',
])('%s is accepted', (url) => {
  expect(mongodbUrlProblem(url)).toBeUndefined();
});

test.each([
  ['foo=bar', 'option foo is unknown to the database driver'],
  ['tls=maybe', 'option tls must be true or false'],
  ['authMechanism=MONGODB-X509', 'option authMechanism makes the certificate the login, which needs tls=true'],
  ['tls=true&authMechanism=MONGODB-X509&authSource=admin', 'contradict'],
  ['retryWrites=', 'option retryWrites has no value'],
  ['tls=true&tlsCertificateKeyFilePassword=pa&s3cr3tPW', 'option (perhaps part of a password) has no value'],
  ['authMechanismProperties=A:b&s3cr3tPW=x', 'option (perhaps part of a password) is unknown'],
  ['s3cr3tPW', 'option (perhaps part of a password) has no value'],
  ['connectTimeoutMS=soon', 'option connectTimeoutMS must be a whole number'],
  ['localThresholdMS=-1', 'option localThresholdMS must be a whole number'],
  ['readPreference=nearby', 'option readPreference has a value'],
  ['compressors=gzip', 'option compressors has a value'],
  ['compressors=snappy', 'option compressors names snappy'],
  ['authMechanism=NONE', 'option authMechanism has a value'],
  ['authMechanism=SCRAM-SHA-256', 'option authMechanism needs a user name'],
  ['authMechanism=MONGODB-AWS', 'needs a package'],
  ['replicaSet=a&replicaSet=b', 'option replicaSet appears more than once'],
  ['tls=true&ssl=false', 'options tls, ssl contradict each other'],
  [
    'tlsInsecure=true&appName=x&tlsAllowInvalidCertificates=true',
    'options tlsInsecure, tlsAllowInvalidCertificates contradict',
  ],
  ['loadBalanced=true&replicaSet=rs', 'options loadBalanced, replicaSet contradict each other'],
  ['srvMaxHosts=2', 'option srvMaxHosts requires mongodb+srv://'],
  ['proxyPort=9', 'option proxyPort needs the other options'],
  ['minPoolSize=33', 'option minPoolSize must be at most 32'],
  ['raw=true', 'option raw cannot be given in a URL'],
  ['promotevalues=false', 'option promotevalues cannot be given in a URL'],
  ['checkServerIdentity=1', 'option checkServerIdentity cannot be given in a URL'],
  ['tlsCAFile=/nowhere', 'option tlsCAFile names a file that cannot be read'],
  ['tlsCertificateKeyFile=/nowhere', 'option tlsCertificateKeyFile names a file that cannot be read'],
  ['foo=bar&tls=maybe&appName=x', 'option foo is unknown to the database driver; option tls must be true or false'],
  [Array.from({ length: 41 }, (_, n) => `o${n}=1`).join('&'), 'more than 40 options'],
])('?%s is rejected: %s', (options, words) => {
  expect(mongodbUrlProblem(`mongodb://h/contacts?${options}`)).toContain(words);
});

test.each([
  ['mongodb://h:99999/contacts', 'port'],
  ['mongodb://h:0/contacts', 'port'],
  ['mongodb://a:1,b:x/contacts', 'port'],
  ['mongodb://u:%zz@h/contacts', '% that begins no escape'],
  ['mongodb://%E4:p@h/contacts', '% that begins no escape'],
  ['mongodb://h/con%zz', '% that begins no escape'],
  ['mongodb:///contacts', 'names no host'],
  ['mongodb://u:p@/contacts', 'names no host'],
  ['mongodb://a,,b/contacts', 'names no host in one place'],
  ['mongodb+srv://h.example.org:27017/contacts', 'one host without a port'],
  ['mongodb+srv://a.example.org,b.example.org/contacts', 'one host without a port'],
  [
    'mongodb+srv://h.example.org/contacts?directConnection=true',
    'option directConnection cannot be combined with mongodb+srv://',
  ],
  ['mongodb://a,b/contacts?directConnection=true', 'option directConnection requires exactly one host'],
  ['mongodb://a,b/contacts?loadBalanced=true', 'option loadBalanced requires exactly one host'],
  ['mongodb://h/contacts#x', '#'],
  ['mongodb://h/con tacts', 'blank'],
  ['mongodb://h', 'names no database'],
  ['mongodb://h/?replicaSet=rs', 'names no database'],
  ['postgres://h/contacts', 'must be a URL mongodb://'],
])('%s is rejected: %s', (url, words) => {
  expect(mongodbUrlProblem(url)).toContain(words);
});

test('a file without certificates is rejected', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'S3CR3T.pem');
  writeFileSync(path, 'no certificate');
  const problems = ['tlsCAFile', 'tlsCRLFile', 'tlsCertificateKeyFile'].map((name) =>
    mongodbUrlProblem(`mongodb://h/contacts?${name}=${encodeURIComponent(path)}`),
  );
  expect(problems).toEqual([
    expect.stringContaining('tlsCAFile names a file that holds no certificates'),
    expect.stringContaining('tlsCRLFile names a file that holds no certificates'),
    expect.stringContaining('tlsCertificateKeyFile names a file that holds no certificate with its key'),
  ]);
  expect(problems.join()).not.toContain('S3CR3T');
});

test.each([
  'mongodb://u:S3/CR3T@h/contacts',
  'mongodb://u:S3?CR3T=1@h/contacts',
  'mongodb://u:a@S3?CR3T=1@h/contacts',
  'mongodb://u:a@S3?CR3T@h/contacts?tls=true',
  'mongodb://u:S3@CR3T@h/contacts',
  'mongodb://u:S3#CR3T@h/contacts',
  'mongodb://S3:CR3T:x@h/contacts',
  'mongodb://u:S3CR3T@h/contacts?authMechanism=S3CR3T&tls=S3CR3T&S3%40CR3T=1&family=CR3T',
])('a password or value, as in %s, is rejected and not repeated', (url) => {
  expect(mongodbUrlProblem(url)).toMatch(/^(?!.*(?:S3|CR3T)).+/);
});
