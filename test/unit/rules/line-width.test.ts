import { expect, test } from 'vitest';
import { CHECKS } from '../../../scripts/rules/checks.ts';
import { widthProblems } from '../../../scripts/rules/line-width.ts';
import { sandbox } from './sandbox.ts';

/** Returns prose of this many characters. */
function prose(length: number): string {
  return 'word '.repeat(length).slice(0, length - 1) + '.';
}

test.each([
  ['docs/a.md', `${prose(111)}\n`, 1],
  ['docs/a.md', `- [a link](b.md) ${prose(94)}\n`, 1],
  ['docs/a.md', `\`\`\`\n${prose(200)}\n\`\`\`\n${prose(111)}\n`, 4],
  ['src/a.ts', `// ${prose(108)}\n`, 1],
  ['src/a.ts', `/** ${prose(104)} */\n`, 1],
  ['src/a.ts', `/**\n * First.\n * ${prose(108)}\n */\n`, 3],
])('a long line of prose is found in %s', (path, text, line) => {
  const found = widthProblems(sandbox({ [path]: text }));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(`${path}:${line}\n`);
});

test.each([
  ['docs/a.md', `${prose(110)}\n`],
  ['docs/a.md', `| ${prose(200)} |\n`],
  ['docs/a.md', `\`\`\`\n${prose(200)}\n\`\`\`\n`],
  ['docs/a.md', `- [a link with words](${'x'.repeat(200)})\n`],
  ['docs/a.md', `${'ü'.repeat(110)}\n`],
  ['src/a.ts', `// ${prose(107)}\n`],
  ['src/a.ts', `// https://example.org/${'x'.repeat(200)}\n`],
  ['src/a.ts', `/** A comment. */\nexport const text = '${prose(200)}';\n`],
])('a line of %s of any width is accepted where it need not be wrapped', (path, text) => {
  expect(widthProblems(sandbox({ [path]: text }))).toEqual([]);
});

test('the check fails on a long line and shows it', async () => {
  const check = CHECKS.find(({ name }) => name === 'line width');
  expect(await check?.problems(sandbox({ 'src/a.ts': `// ${prose(120)}\n` }))).toContain('src/a.ts:1');
});
