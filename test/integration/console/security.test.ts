import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createRequest, jane } from '../../support/documents.ts';
import { freshNames } from '../../support/fresh-names.ts';
import { contacts } from '../cli/contacts-process.ts';
import { Queues } from '../dead-letters/letters.ts';
import { ask, asker, signIn, startConsole, type TestConsole } from './console-process.ts';

const names = freshNames();
const queues = Queues.forSuite(names);
const NO_METRICS = ['--metrics', 'http://127.0.0.1:9/metrics'];
const FILE_TOKEN = 'a-token-of-the-operators';
let running: TestConsole;
let readOnly: TestConsole;

beforeAll(async () => {
  [running, readOnly] = await Promise.all([
    startConsole(names, NO_METRICS),
    startConsole(names, [...NO_METRICS, '--read-only', '--allow-host', 'console.example', '--token-file', tokenFile()]),
  ]);
  readOnly = { ...readOnly, token: FILE_TOKEN };
});
afterAll(async () => {
  await Promise.all([running.stop(), readOnly.stop()]);
});

function tokenFile(text = `${FILE_TOKEN}\n`): string {
  const file = join(mkdtempSync(join(tmpdir(), 'contacts-console-')), 'token');
  writeFileSync(file, text);
  return file;
}

const PATHS = ['/api/overview', '/api/dead-letters', '/api/requests/x', '/api/session', '/api/audit', '/api/jobs'];

describe('the token', () => {
  test.each(PATHS)('%s answers 401 without a token, and with a wrong one', async (path) => {
    const without = await ask(running.url, path);
    expect(without).toMatchObject({ status: 401, json: { error: { code: 'NO_TOKEN' } } });
    expect(without.headers['www-authenticate']).toContain('Bearer');
    expect((await ask(running.url, path, { headers: { cookie: 'contacts_console_1=x' } })).status).toBe(401);
  });

  test('it comes from a file where one is given, and is not printed then', async () => {
    expect(readOnly.errors()).not.toContain(FILE_TOKEN);
    expect((await asker(readOnly)('/api/session')).status).toBe(200);
    expect((await asker({ ...readOnly, token: running.token })('/api/session')).status).toBe(401);
  });

  test.each([
    ['short', 'short'],
    ['with a space in it, long', 'with a space in it, long'],
  ])('a token that could be guessed or not sent is refused: %s', async (_, text) => {
    const { code, err } = await contacts(names, ['console', '--port', '0', '--token-file', tokenFile(text)]);
    expect(code).toBe(78);
    expect(err).toContain('at least 16 characters');
    expect(err).not.toContain(text);
  });
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('other sites', () => {
  test('the cookie is not readable by scripts, and is not sent from other sites', async () => {
    const { headers, status } = await ask(running.url, '/login', { body: `token=${running.token}`, headers: FORM });
    expect(status).toBe(303);
    expect(String(headers['set-cookie'])).toMatch(/; HttpOnly; SameSite=Strict/);
  });

  test('a change by a session needs its CSRF token and this origin', async () => {
    const { cookie, csrf } = await signIn(running);
    const post = (headers: Readonly<Record<string, string>>) =>
      ask(running.url, '/api/documents/check', { body: { document: '<a/>' }, headers: { cookie, ...headers } });
    expect((await post({})).json).toMatchObject({ error: { code: 'CSRF' } });
    expect((await post({ 'x-csrf-token': 'wrong' })).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrf, origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ 'x-csrf-token': csrf, origin: running.url })).status).toBe(200);
  });

  test('the form of another site does not sign in', async () => {
    const headers = { ...FORM, origin: 'https://evil.example' };
    const answer = await ask(running.url, '/login', { body: `token=${running.token}`, headers });
    expect(answer.status).toBe(401);
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });

  test('signing out ends the session', async () => {
    const { cookie, csrf } = await signIn(running);
    const headers = { cookie, 'x-csrf-token': csrf };
    expect((await ask(running.url, '/api/logout', { method: 'POST', headers })).status).toBe(204);
    expect((await ask(running.url, '/api/session', { headers: { cookie } })).status).toBe(401);
  });

  test('a name that resolves to this address is not answered (DNS rebinding)', async () => {
    const { port } = new URL(running.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1:1']) {
      const answer = await asker(running)('/api/overview', { headers: { host } });
      expect({ host, status: answer.status }).toEqual({ host, status: 421 });
    }
    expect((await asker(running)('/api/overview', { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test('a proxy’s name is answered where it is allowed', async () => {
    const headers = { host: 'Console.example' };
    expect((await asker(readOnly)('/api/session', { headers })).status).toBe(200);
    expect((await asker(running)('/api/session', { headers })).status).toBe(421);
  });

  test.each(['/', '/login', '/assets/app.js', '/api/overview', '/nothing'])(
    '%s carries headers against scripts, frames and caches',
    async (path) => {
      const { headers } = await ask(running.url, path);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
      expect(headers).toMatchObject({ 'referrer-policy': 'same-origin', 'x-frame-options': 'DENY' });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    },
  );
});

describe('sizes and shapes', () => {
  test('a body that is too large is refused before it is read', async () => {
    const announced = 3 * 1024 * 1024;
    const headers = { 'content-type': 'application/json' };
    const answer = await asker(running)('/api/documents/check', { method: 'POST', headers, announced });
    expect(answer).toMatchObject({ status: 413, json: { error: { code: 'TOO_LARGE' } } });
    expect((await ask(running.url, '/login', { method: 'POST', headers: FORM, announced })).status).toBe(413);
  });

  test('no file outside the page can be read', async () => {
    for (const path of ['/assets/..%2fpackage.json', '/assets/../package.json', '/assets/index.html', '/src/cli.ts']) {
      expect((await ask(running.url, path)).status).toBe(404);
    }
  });

  test.each([
    { action: 'discard' },
    { action: 'discard', ids: [] },
    { action: 'discard', all: 'true' },
    { action: 'discard', all: true, ids: ['x'] },
    { action: 'purge', all: true },
    { action: 'discard', all: true, reason: 1 },
    { action: 'discard', all: true, reasons: 'INTERNAL_ERROR' },
    { action: 'discard', all: true, filter: { reason: 'INTERNAL_ERROR' } },
    { action: 'discard', all: true, group: '' },
    { action: 'discard', ids: ['x'], reason: 'INTERNAL_ERROR' },
  ])('%j selects nothing by accident', async (body) => {
    expect((await asker(running)('/api/dead-letters/preview', { body })).status).toBe(400);
  });

  test('a change is sent as JSON', async () => {
    const headers = { 'content-type': 'text/plain' };
    const answer = await asker(running)('/api/dead-letters/preview', {
      body: '{"action":"discard","all":true}',
      headers,
    });
    expect(answer).toMatchObject({ status: 400, json: { error: { code: 'NOT_JSON' } } });
  });
});

describe('read-only', () => {
  test.each([
    ['/api/dead-letters/preview', { action: 'discard', all: true }],
    ['/api/dead-letters/jobs', { plan: 'x' }],
    ['/api/jobs/x/stop', {}],
    ['/api/documents/send', { document: createRequest() }],
  ])('%s is refused', async (path, body) => {
    const answer = await asker(readOnly)(path, { body });
    expect(answer).toMatchObject({ status: 403, json: { error: { code: 'READ_ONLY' } } });
    expect(await queues.depths()).toEqual({ requests: 0, dead: 0 });
  });

  test('reading and checking are not', async () => {
    expect((await asker(readOnly)('/api/overview')).json).toMatchObject({ read_only: true });
    expect((await asker(readOnly)('/api/documents/check', { body: { document: '<a/>' } })).status).toBe(200);
  });
});

describe('personal data', () => {
  test('it is hidden until somebody asks for it, and the asking is logged', async () => {
    const own = asker(running);
    await queues.bury('INTERNAL_ERROR', { messageId: 'jane doe <janedoe@janedoe.com>', headers: { who: 'Jane' } });
    const list = await own('/api/dead-letters');
    const { id } = (list.json as { letters: { id: string }[] }).letters[0]!;
    const letter = await own(`/api/dead-letters/${id}`);
    const before = running.audit().length;
    for (const { text, status } of [list, letter]) {
      expect(status).toBe(200);
      for (const value of [...Object.values(jane).filter((one) => typeof one === 'string'), 'jane doe']) {
        expect(text).not.toContain(value);
      }
    }
    expect(letter.json).toMatchObject({ hidden_headers: 1, outline: expect.stringContaining('<email>•••</email>') });
    expect(running.audit()).toHaveLength(before);

    const revealed = await own(`/api/dead-letters/${id}/reveal`, { body: {} });
    expect(revealed.json).toMatchObject({ body: createRequest(), headers: { who: 'Jane' } });
    expect(running.audit().at(-1)).toMatchObject({
      event: 'personal-data-shown',
      operator: 'Tess',
      address: '127.0.0.1',
      id,
      letter: expect.stringMatching(/^m[\w-]{15}$/),
      time: expect.stringMatching(/^\d{4}-/),
    });
    expect(running.errors()).not.toContain('janedoe');
  });

  test('a search of the contents is logged, without its words', async () => {
    await queues.bury('INTERNAL_ERROR', { messageId: '1' });
    const own = asker(running);
    expect((await own('/api/dead-letters?search=janedoe')).json).toMatchObject({ matched: 0 });
    const found = await own('/api/dead-letters/search', { body: { search: 'JaneDoe@' } });
    expect(found.json).toMatchObject({ matched: 1 });
    expect(running.audit().at(-1)).toMatchObject({ event: 'contents-searched', operator: 'Tess', characters: 8 });
    expect(running.errors().toLowerCase()).not.toContain('janedoe');
  });

  test('an operator’s name cannot forge a line of the log', async () => {
    await ask(running.url, '/login', { body: 'token=x&name=a%0A%7B%22event%22%3A%22x%22%7D%1b[2J', headers: FORM });
    expect(running.audit().at(-1)).toMatchObject({
      event: 'sign-in-refused',
      operator: 'a\\u{a}{"event":"x"}\\u{1b}[2J',
    });
  });
});
