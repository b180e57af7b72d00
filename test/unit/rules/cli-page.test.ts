import { expect, test } from 'vitest';

import { cliPage, readCliPage } from '../../../scripts/rules/cli-page.ts';

test('docs/cli.md has the reference of the commands as they are', () => {
  const page = readCliPage();
  expect(page).toBe(cliPage(page));
});

test('each command has its usage, its options and its examples', () => {
  const page = cliPage(readCliPage());
  expect(page).toContain('contacts get [options] <id>');
  expect(page).toContain('| `--map <column=field>` |');
  expect(page).toContain('| `<which>` | which document: xsd, asyncapi |');
  expect(page).toContain('```sh\ncontacts delete 17\n');
  expect(page).toContain('send-back  REFERENCE | --all');
});

test('an option that is described otherwise is found', () => {
  const page = cliPage(readCliPage());
  const outdated = page.replace('only contacts of this client', 'contacts of that client');
  expect(outdated).not.toBe(page);
  expect(cliPage(outdated)).not.toBe(outdated);
});

test('a page without marks is refused', () => {
  expect(() => cliPage('# The command line\n')).toThrow('marks');
});
