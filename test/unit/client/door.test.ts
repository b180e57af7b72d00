import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/.bin/tsc');

/** A program's folder, with this package built and installed in it. */
let program: string;

beforeAll(() => {
  program = mkdtempSync(join(tmpdir(), 'contacts-program-'));
  const installed = join(program, 'node_modules/contacts-worker');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(installed, 'node_modules'));
  // What a program in TypeScript for Node has.
  symlinkSync(join(ROOT, 'node_modules/@types'), join(program, 'node_modules/@types'));
  execFileSync(TSC, ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')], { cwd: ROOT });
});

afterAll(() => rmSync(program, { recursive: true }));

function run(name: string, text: string): string {
  writeFileSync(join(program, name), text);
  return execFileSync(process.execPath, [name], { cwd: program, encoding: 'utf8' });
}

test('importing the client does nothing, and loads neither the worker nor the database', () => {
  const output = run(
    'loading.mjs',
    `import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    // Some packages look at these, which opens them.
    process.stdout, process.stderr;
    const before = process.getActiveResourcesInfo();
    const { ContactsClient } = await import('contacts-worker/client');
    console.log(JSON.stringify({ kind: typeof ContactsClient.connect, loaded, before, after: process.getActiveResourcesInfo() }));`,
  );
  const { kind, loaded, before, after } = JSON.parse(output) as {
    kind: string;
    loaded: string[];
    before: string[];
    after: string[];
  };
  expect(kind).toBe('function');
  expect(after).toEqual(before);
  const own = loaded.flatMap((url) => /contacts-worker\/dist\/(.*)\/[^/]+$/.exec(url)?.[1] ?? []);
  expect(new Set(own)).toEqual(
    new Set(['client', 'codec', 'files', 'protocol', 'time', 'amqp/connection', 'amqp/wire']),
  );
  expect(loaded.filter((url) => /dist\/[^/]+$/.test(url) && url.includes('/contacts-worker/'))).toEqual([]);
  const packages = loaded.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  expect(packages).toContain('amqplib');
  for (const name of ['mongodb', 'bson', 'fast-xml-parser', 'pino', 'prom-client', 'ajv', 're2js'])
    expect(packages).not.toContain(name);
});

test('the client can be required, too', () => {
  expect(run('required.cjs', "console.log(require('contacts-worker/client').ContactsClient.name);")).toBe(
    'ContactsClient\n',
  );
});

const TYPED = `import { ContactsClient, NotFoundError, RequestFailedError, type CallOptions, type Contact, type Problem } from 'contacts-worker/client';

export async function use(options: CallOptions): Promise<readonly Problem[]> {
  await using contacts = await ContactsClient.connect({ url: ['amqp://a', 'amqp://b'], queue: 'q', appId: 'a', timeoutMs: 1, maxInFlight: 2, replyQueue: 'r' });
  const { contactId, repeated }: { contactId: number; repeated: boolean } = await contacts.create(
    { clientId: 1, firstName: 'a', lastName: 'b', email: 'c' },
    { messageId: 'x', signal: AbortSignal.timeout(1), timeoutMs: 1, deadline: new Date() },
  );
  await contacts.update(contactId, { phone: '' }, options);
  const contact: Contact = await contacts.get(contactId);
  await contacts.update(contactId, { ...contact, phone: repeated ? '' : '1' });
  await contacts.delete(contactId);
  const { contacts: page, hasMore } = await contacts.list({ clientId: 1, email: 'c', page: 1, perPage: 2 });
  for await (const { email } of contacts.listAll({ clientId: 1 })) console.log(email, page.length, hasMore);
  const { status, xml, headers } = await contacts.request('<request/>', options);
  console.log(status satisfies 'ok' | 'fail', xml.length, headers['status']);
  // @ts-expect-error the wire's names are not these
  await contacts.create({ client_id: 1, firstName: 'a', lastName: 'b', email: 'c' });
  // @ts-expect-error client_id is not answered
  console.log(contact.clientId);
  try {
    await contacts.get(1);
  } catch (error) {
    if (error instanceof NotFoundError) return error.problems;
    if (error instanceof RequestFailedError) return error.problems;
  }
  return [];
}
`;

test.each(['nodenext', 'bundler'])('its types are complete, with moduleResolution %s', (moduleResolution) => {
  writeFileSync(join(program, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(program, 'typed.ts'), TYPED);
  const compilerOptions = {
    target: 'es2022',
    lib: ['esnext', 'dom'],
    module: moduleResolution === 'bundler' ? 'esnext' : 'nodenext',
    moduleResolution,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(program, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['typed.ts'] }));
  let problems = '';
  try {
    execFileSync(TSC, ['-p', '.'], { cwd: program, encoding: 'utf8' });
  } catch (error) {
    problems = String((error as { stdout?: string }).stdout);
  }
  expect(problems).toBe('');
});
