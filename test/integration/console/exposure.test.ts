import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { contacts } from '../cli/contacts-process.ts';
import { ask, asker, signIn, startConsole, type TestConsole } from './console-process.ts';

const names = freshNames();
const ARGS = ['--metrics', 'http://127.0.0.1:9/metrics'];
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const WARNING = /^Warning: /m;

const form = (token: string): string => new URLSearchParams({ token, name: 'Tess' }).toString();

describe('wrong tokens', () => {
  let own: TestConsole;
  const wrong = () => ask(own.url, '/api/session', { headers: { authorization: 'Bearer wrong-token-wrong' } });

  beforeAll(async () => {
    own = await startConsole(names, ARGS);
  });
  afterAll(() => own.stop());

  test('after ten in a minute further wrong ones are refused as too many, and the right one still gets in', async () => {
    for (let nth = 0; nth < 10; nth += 1) {
      expect(await wrong()).toMatchObject({ status: 401, json: { error: { code: 'WRONG_TOKEN' } } });
    }
    const refused = await wrong();
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'TOO_MANY_WRONG_TOKENS' } } });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const refusedForm = await ask(own.url, '/login', { body: form('wrong'), headers: FORM });
    expect(refusedForm).toMatchObject({ status: 429, headers: { 'retry-after': expect.any(String) } });
    expect(refusedForm.headers).not.toHaveProperty('set-cookie');

    expect((await asker(own)('/api/session')).status).toBe(200);
    expect((await ask(own.url, '/login', { body: form(own.token), headers: FORM })).status).toBe(303);
    const { cookie } = await signIn(own);
    expect((await ask(own.url, '/api/session', { headers: { cookie } })).status).toBe(200);
    // The right token does not reset the count: whoever has it may share the guesser's proxy.
    expect((await wrong()).status).toBe(429);
  });

  test('the audit log grows by the tenfold of the guesses, not with each', async () => {
    const before = own.audit().filter(({ event }) => event === 'sign-in-refused').length;
    for (let nth = 0; nth < 120; nth += 1) await wrong();
    const refusals = own.audit().filter(({ event }) => event === 'sign-in-refused');
    expect(before).toBe(10);
    expect(refusals).toHaveLength(11);
    expect(refusals.at(-1)).toMatchObject({ count: 100, address: '127.0.0.1' });
  });
});

test('a form that cannot be read is the sender’s fault', async () => {
  const own = await startConsole(names, ARGS);
  try {
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
      const answer = await ask(own.url, '/login', { body: '--y\r\nnonsense', headers: { 'content-type': type } });
      expect({ type, status: answer.status }).toEqual({ type, status: 400 });
    }
  } finally {
    await own.stop();
  }
});

describe('beyond this machine', () => {
  test('it warns where others can listen in, and not on a loopback address', async () => {
    const [open, local] = await Promise.all([
      startConsole(names, [...ARGS, '--host', '0.0.0.0']),
      startConsole(names, [...ARGS, '--host', '127.0.0.2']),
    ]);
    try {
      expect(open.errors()).toMatch(/^Warning: the console listens on 0\.0\.0\.0 without TLS.*--public-url/m);
      expect(local.errors()).not.toMatch(WARNING);
    } finally {
      await Promise.all([open.stop(), local.stop()]);
    }
  });

  test('a token of a file that is easy to guess is warned of', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'contacts-console-')), 'token');
    writeFileSync(file, 'aaaaaaaaaaaaaaaaaaaa');
    const own = await startConsole(names, [...ARGS, '--token-file', file]);
    try {
      expect(own.errors()).toMatch(/^Warning: the token is easy to guess/m);
      expect(own.errors()).not.toContain('aaaaaaaa');
    } finally {
      await own.stop();
    }
  });

  test.each([
    'console.example',
    'ftp://console.example',
    'https://console.example/page',
    'https://a:b@console.example',
  ])('%s is no public URL', async (url) => {
    const { code, err } = await contacts(names, ['console', '--port', '0', '--public-url', url]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('https://NAME') });
  });
});

describe('behind a proxy with TLS', () => {
  let own: TestConsole;
  const origin = 'https://console.example';
  const host = 'console.example';

  beforeAll(async () => {
    own = await startConsole(names, [...ARGS, '--host', '0.0.0.0', '--public-url', `${origin}/`]);
  });
  afterAll(() => own.stop());

  const login = (headers: Readonly<Record<string, string>>) =>
    ask(own.url, '/login', { body: form(own.token), headers: { ...FORM, ...headers } });

  test('the cookie is sent over TLS alone, and nothing warns', async () => {
    const { status, headers } = await login({ host, origin });
    expect(status).toBe(303);
    expect(String(headers['set-cookie'])).toMatch(/; HttpOnly; Secure; SameSite=Strict/);
    expect(own.errors()).not.toMatch(WARNING);
    expect(own.errors()).toContain(`The console is at ${origin}/`);
  });

  test.each([host, `${host}:443`, 'CONSOLE.example'])('the header Host may be %s', async (given) => {
    expect((await asker(own)('/api/session', { headers: { host: given } })).status).toBe(200);
    expect((await login({ host: given, origin })).status).toBe(303);
  });

  test('a proxy that names the console by its own address serves the page, too', async () => {
    expect((await login({ origin })).status).toBe(303);
  });

  test.each(['http://console.example', 'https://console.example:8443', 'https://evil.example'])(
    'the form of %s does not sign in',
    async (other) => {
      const answer = await login({ host, origin: other });
      expect({ status: answer.status, cookie: answer.headers['set-cookie'] }).toEqual({
        status: 401,
        cookie: undefined,
      });
    },
  );

  test('headers that anybody can send change nothing', async () => {
    const plain = await startConsole(names, ARGS);
    try {
      const forged = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', forwarded: 'proto=https' };
      const answer = await ask(plain.url, '/login', { body: form(plain.token), headers: { ...FORM, ...forged } });
      expect(String(answer.headers['set-cookie'])).not.toContain('Secure');
    } finally {
      await plain.stop();
    }
  });
});

test('on the usual port browsers leave it out of Host', async () => {
  const port = await freePort();
  const own = await startConsole(names, [...ARGS, '--port', String(port), '--allow-host', 'console.example']);
  try {
    for (const host of ['console.example', 'console.example:80', 'console.example:443', `console.example:${port}`]) {
      expect({ host, status: (await asker(own)('/api/session', { headers: { host } })).status }).toEqual({
        host,
        status: 200,
      });
    }
    expect((await asker(own)('/api/session', { headers: { host: 'console.example:1' } })).status).toBe(421);
  } finally {
    await own.stop();
  }
});
