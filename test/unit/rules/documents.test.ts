import { expect, test } from 'vitest';
import { CHECKS } from '../../../scripts/rules/checks.ts';
import { documentProblems } from '../../../scripts/rules/documents.ts';
import { sandbox } from './sandbox.ts';

const FILES = {
  'docs/api.md': '# API\n',
  'test/unit/a.test.ts': 'export {};\n',
  'test/unit/b.test.ts': 'export {};\n',
};

function problemsIn(text: string, page = 'docs/page.md'): string[] {
  return documentProblems(sandbox({ ...FILES, [page]: `# Page\n\n${text}\n` }));
}

test.each([
  ['broken-link', 'See [the API](apis.md).'],
  ['broken-link', 'See [a part of it](../docs/apis.md#codes).'],
  ['broken-link', '![A picture](../bench/results/a.svg)'],
  ['broken-link', '[api]: apis.md'],
  ['missing-path', 'The file `src/protocol/farewell.ts` says so.'],
  ['missing-path', 'Run `node scripts/nothing.ts --all`.'],
  ['missing-path', 'See `test/unit/c*.test.ts`.'],
  ['missing-path', 'See `test/unit/{a,c}.test.ts`.'],
  ['missing-path', '```\nsrc/nowhere/   what is not there\n```'],
])('a %s is found in %j, with its place', (rule, text) => {
  const found = problemsIn(text);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(new RegExp(`^${rule}: docs/page.md:[34]\n`));
});

test.each([
  'See [the API](api.md), [a code](api.md#codes), [below](#page) and [the web](https://example.org/a.md).',
  '`src/main.ts`, `src/main.ts:12`, `src/`, `src/protocol` and `node src/main.ts`.',
  '`test/unit/*.test.ts`, `test/…`, `test/unit/<name>.test.ts`, `test/unit/{a,b}.test.ts`.',
  'Outside of backticks src/nothing.ts is prose, and `dist/main.js` is no source.',
  '`[not a link](nowhere.md)`',
  '```sh\nnode src/nothing.ts\n```',
])('%j is accepted', (text) => {
  expect(problemsIn(text)).toEqual([]);
});

test('links are relative to their page', () => {
  expect(problemsIn('[API](docs/api.md)', 'PAGE.md')).toEqual([]);
  expect(problemsIn('[API](api.md)', 'PAGE.md')).toHaveLength(1);
});

test('the check fails on a problem and shows it', async () => {
  const check = CHECKS.find(({ name }) => name === 'documents');
  expect(await check?.problems(sandbox({ 'docs/page.md': '[API](api.md)\n' }))).toContain('docs/page.md:1');
});
