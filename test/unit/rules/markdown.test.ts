import { expect, test } from 'vitest';

import { markdownLines } from '../../../scripts/rules/markdown.ts';

const code = (page: string): string =>
  markdownLines(page)
    .map((line) => (line.code ? 'c' : '-'))
    .join('');

test.each([
  ['a block and its fences', 'text\n```sh\ncode\n```\ntext', '-ccc-'],
  ['a fence behind a list mark', '- ```sh\n  code\n  ```\ntext', 'ccc-'],
  ['a one-line code span', '```x```\ntext', '--'],
  ['another fence inside a block', '```\n~~~\n```\ntext', 'ccc-'],
  ['a shorter fence inside a block', '````\n```\n````\ntext', 'ccc-'],
  ['a fence with an info string inside a block', '```\n```sh\n```\ntext', 'ccc-'],
  ['a block that never ends', '```\ncode', 'cc'],
])('%s', (_, page, lines) => {
  expect(code(page)).toBe(lines);
});
