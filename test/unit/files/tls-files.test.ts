import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { outdatedCertificates, readTlsFiles, tlsFilesProblems, TlsFilesError } from '../../../src/files/tls-files.ts';
import { Authority, type Issued } from '../../support/certificates.ts';

let authority: Authority;
let client: Issued;
let other: Issued;
let expired: Issued;

beforeAll(async () => {
  authority = await Authority.create('authority');
  client = await authority.issue('client');
  other = await authority.issue('other');
  expired = await authority.issue('expired', { days: -1 });
});

afterAll(() => authority.remove());

function file(name: string, content: string | Buffer): string {
  const path = join(authority.folder, name);
  writeFileSync(path, content);
  return path;
}

test('authority, certificate and key are read as they are', () => {
  const files = { ca: authority.ca, cert: client.cert, key: client.key };
  expect(tlsFilesProblems(files)).toEqual([]);
  expect(readTlsFiles(files)).toEqual({
    ca: readFileSync(authority.ca),
    cert: readFileSync(client.cert),
    key: readFileSync(client.key),
  });
});

test('certificate and key may be in one file, and nothing need be set', () => {
  expect(tlsFilesProblems({ cert: client.both, key: client.both })).toEqual([]);
  expect(readTlsFiles({})).toEqual({});
});

test('each connection reads the newest files', () => {
  const cert = join(authority.folder, 'changing.pem');
  copyFileSync(client.both, cert);
  expect(readTlsFiles({ cert, key: cert }).cert).toEqual(readFileSync(client.both));
  copyFileSync(other.both, cert);
  expect(readTlsFiles({ cert, key: cert }).cert).toEqual(readFileSync(other.both));
});

test('a key of another certificate is described, also while files are replaced', () => {
  const files = { cert: client.cert, key: other.key };
  expect(tlsFilesProblems(files)).toEqual([
    { part: 'key', problem: 'holds a key that does not match the certificate' },
  ]);
  expect(() => readTlsFiles(files)).toThrow(
    new TlsFilesError([{ part: 'key', problem: 'holds a key that does not match the certificate' }]),
  );
});

test('each unusable file is described without its path', () => {
  const folder = join(authority.folder, 'folder');
  mkdirSync(folder);
  const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  const key = readFileSync(client.key, 'utf8');
  const der = execFileSync('openssl', ['x509', '-in', client.cert, '-outform', 'DER']);
  const encrypted = execFileSync('openssl', ['pkey', '-in', client.key, '-aes256', '-passout', 'pass:secret']);
  const problems = {
    ca: {
      '/nowhere/S3CRET': 'does not exist',
      [folder]: 'is a directory',
      '/dev/zero': 'is longer than 4194304 bytes',
      [file('der', der)]: 'is not PEM',
      [file('empty', '')]: 'is not PEM',
      [client.key]: 'holds no certificate',
      [file('damaged', damaged)]: 'holds a certificate that is damaged',
    },
    key: {
      [client.cert]: 'holds no private key',
      [file('cut', key.replace(/\n.{20}/, '\n'))]: 'holds a private key that is damaged',
      [file('encrypted', encrypted)]:
        'holds an encrypted key; write it without a passphrase, readable by this process alone',
    },
  };
  for (const [part, cases] of Object.entries(problems)) {
    for (const [path, problem] of Object.entries(cases)) {
      expect(tlsFilesProblems({ [part]: path }), path).toEqual([{ part, problem }]);
    }
  }
});

test('a certificate that has expired, or is not valid yet, is no problem of the file and is described', () => {
  const files = { ca: authority.ca, cert: expired.cert, key: expired.key };
  expect(tlsFilesProblems(files)).toEqual([]);
  const [found, ...more] = outdatedCertificates(files, new Date());
  expect([found?.part, more]).toEqual(['cert', []]);
  expect(found?.problem).toMatch(/^holds a certificate that expired on \d{4}-\d\d-\d\dT/);
  expect(outdatedCertificates(files, new Date('2001-01-01')).map(({ part }) => part)).toEqual(['ca', 'cert']);
  expect(outdatedCertificates({ cert: client.cert }, new Date())).toEqual([]);
});

test('of several authorities one that is valid is enough', () => {
  const both = file('two.pem', readFileSync(expired.cert, 'utf8') + readFileSync(authority.ca, 'utf8'));
  expect(outdatedCertificates({ ca: both }, new Date())).toEqual([]);
  expect(outdatedCertificates({ ca: expired.cert }, new Date())).toHaveLength(1);
});
