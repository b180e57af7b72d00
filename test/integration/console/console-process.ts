import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { request as httpRequest } from 'node:http';

import { startContacts } from '../cli/contacts-process.ts';
import type { FreshNames } from '../../support/fresh-names.ts';

/** A console as a process of its own. */
export interface TestConsole {
  readonly url: string;
  readonly token: string;
  /** Standard error so far: the audit log and what was printed at the start. */
  errors(): string;
  /** The audit log's lines, parsed. */
  audit(): Record<string, unknown>[];
  /** Stops it; returns the exit code. */
  stop(): Promise<number | string>;
}

/** Starts `contacts console` on a free port and waits until it listens. */
export async function startConsole(
  names: FreshNames,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<TestConsole> {
  const { child, ended } = startContacts(names, ['console', '--port', '0', ...args], { env });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stderr! });
  reader.on('line', (line) => lines.push(line));
  const find = (pattern: RegExp): string | undefined => lines.map((line) => pattern.exec(line)?.[1]).find(Boolean);
  while (find(/^Token: (\S+)/) === undefined) {
    await Promise.race([
      once(reader, 'line'),
      ended.then(({ code }) => Promise.reject(new Error(`it ended with ${code}: ${lines.join('\n')}`))),
    ]);
  }
  return {
    url: find(/ (?:at|on) (http:\S+)\/(?: |$)/)!,
    token: find(/^Token: (\S+)/)!,
    errors: () => lines.join('\n'),
    audit: () =>
      lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>),
    stop: async () => {
      child.kill('SIGTERM');
      return (await ended).code;
    },
  };
}

/** An answer of the console. */
export interface ConsoleAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: unknown;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | Readonly<Record<string, unknown>>;
  /** Announces a body of this many bytes, and sends less. */
  readonly announced?: number;
}

/** Asks as any program can: unlike `fetch`, with any header, `Host` included. */
export function ask(
  url: string,
  path: string,
  { method, headers = {}, body, announced }: AskOptions = {},
): Promise<ConsoleAnswer> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {};
  const length = announced ?? (text === undefined ? undefined : Buffer.byteLength(text));
  return new Promise((resolve, reject) => {
    const asked = httpRequest(new URL(path, url), {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...type,
        ...headers,
        ...(length !== undefined && { 'content-length': String(length) }),
      },
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      let received = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => (received += part));
      answer.on('end', () => {
        asked.destroy();
        const isJson = /json/.test(answer.headers['content-type'] ?? '');
        const json: unknown = isJson ? JSON.parse(received) : undefined;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: received, json });
      });
    });
    if (announced === undefined) asked.end(text);
    else asked.flushHeaders();
  });
}

/** Asks with the token. */
export function asker({ url, token }: Pick<TestConsole, 'url' | 'token'>) {
  return (path: string, { headers, ...options }: AskOptions = {}): Promise<ConsoleAnswer> =>
    ask(url, path, { ...options, headers: { authorization: `Bearer ${token}`, 'x-operator': 'Tess', ...headers } });
}

/** The JSON of an answer; rejects where it is a refusal. */
export async function succeeding<T>(console: TestConsole, path: string, options?: AskOptions): Promise<T> {
  const { json, status, text } = await asker(console)(path, options);
  if (status >= 300) throw new Error(`${path} answers ${status}: ${text}`);
  return json as T;
}

/** Signs in by the form; returns the cookie and the CSRF token. */
export async function signIn({ url, token }: TestConsole): Promise<{ readonly cookie: string; readonly csrf: string }> {
  const form = new URLSearchParams({ token, name: 'Tess' }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await ask(url, '/login', { body: form, headers });
  const cookie = String(answer.headers['set-cookie']).split(';', 1)[0]!;
  const { json } = await ask(url, '/api/session', { headers: { cookie } });
  return { cookie, csrf: (json as { readonly csrf: string }).csrf };
}
