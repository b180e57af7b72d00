import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../../scripts/rules/checks.ts';
import { sandbox } from './sandbox.ts';

async function problems(name: string, planted: Record<string, string | undefined> = {}): Promise<string> {
  const check = CHECKS.find((each) => each.name === name);
  if (check === undefined) throw new Error(`no check ${name}`);
  return check.problems(sandbox(planted));
}

describe('a clean project', () => {
  test.each(CHECKS.map(({ name }) => name))('passes %s', async (name) => {
    expect(await problems(name)).toBe('');
  });
});

describe('a check whose subject is missing fails', () => {
  test.each([
    ['documents', 'docs/README.md'],
    ['threat model', 'docs/threat-model.md'],
    ['licences', 'package-lock.json'],
  ])('%s without %s', async (name, path) => {
    expect(await problems(name, { [path]: undefined })).toContain(path);
  });

  test('licences with a lock that lists no package', async () => {
    const lock = JSON.stringify({ packages: { '': { license: 'MIT' } } });
    expect(await problems('licences', { 'package-lock.json': lock })).toContain('lists no package');
  });
});

describe('formatting', () => {
  test.each([
    ['src/a.ts', 'export const a = "double quotes";\n'],
    ['docs/a.md', '*  a list of a kind\n'],
    ['config/a.json', '{"a":1}'],
    ['deploy/a.yml', 'a:   1\n'],
  ])('names %s', async (path, text) => {
    expect(await problems('formatting', { [path]: text })).toContain(path);
  });
});

describe('types', () => {
  test.each([
    ['a wrong type', "export const a: number = 'text';\n", 'TS2322'],
    ['a value that may be missing', 'export const a = (list: string[]): string => list[0];\n', 'TS2322'],
    ['undefined in an optional property', 'export const a: { b?: string } = { b: undefined };\n', 'TS2375'],
    ['an unused name', 'const a = 1;\nexport {};\n', 'TS6133'],
    ['syntax that Node cannot run unbuilt', 'export enum A {\n  B,\n}\n', 'TS1294'],
  ])('names %s', async (_, text, code) => {
    const found = await problems('types', { 'src/planted.ts': text });
    expect(found).toContain('src/planted.ts');
    expect(found).toContain(code);
  });
});

describe('page types', () => {
  const answer = "/** @import { Answer } from '../src/answer.ts' */\n/** @param {Answer} answer */\n";

  test.each([
    ['an element that may be missing', "document.getElementById('a').hidden = true;\n", 'TS2531'],
    ['a child that may be null', "document.body.replaceChildren(document.querySelector('a'));\n", 'TS2345'],
    ['a field that the server does not answer', `${answer}export const f = (answer) => answer.cuont;\n`, 'TS2551'],
    ['a value that the server may leave out', `${answer}export const f = (answer) => answer.last.length;\n`, 'TS18047'],
    ['an unused name', 'const a = 1;\nexport {};\n', 'TS6133'],
  ])('names %s', async (_, text, code) => {
    const types = 'export interface Answer {\n  readonly count: number;\n  readonly last: string | null;\n}\n';
    const found = await problems('page types', { 'console/planted.js': text, 'src/answer.ts': types });
    expect(found).toContain('console/planted.js');
    expect(found).toContain(code);
  });
});

describe('dead code', () => {
  test('names a file that nobody imports', async () => {
    expect(await problems('dead code', { 'src/unused.ts': 'export {};\n' })).toMatch(/Unused files[^]*src\/unused\.ts/);
  });

  test('names an export that nobody uses', async () => {
    const text = "export const greeting = 'hello';\nexport const farewell = 'bye';\n";
    expect(await problems('dead code', { 'src/protocol/greeting.ts': text })).toMatch(/Unused exports[^]*farewell/);
  });

  test('names a package that nobody uses, and one that is not declared', async () => {
    const manifest = { name: 'sandbox', type: 'module', dependencies: { saxes: '6.0.0' } };
    const planted = {
      'package.json': JSON.stringify(manifest),
      'src/protocol/greeting.ts': "import { pino } from 'pino';\nexport const greeting = String(pino);\n",
    };
    const found = await problems('dead code', planted);
    expect(found).toMatch(/Unused dependencies[^]*saxes/);
    expect(found).toMatch(/Unlisted dependencies[^]*pino/);
  });
});

describe('contract', () => {
  test('reports what the comparison with the last release prints, and that it failed silently', async () => {
    const script = 'scripts/schema-changes.ts';
    const breaking = "console.log('breaking: the code EXPIRED is gone');\nprocess.exitCode = 1;\n";
    expect(await problems('contract', { [script]: breaking })).toContain('EXPIRED is gone');
    expect(await problems('contract', { [script]: 'process.exitCode = 1;\n' })).toContain('exit code 1');
  });
});
