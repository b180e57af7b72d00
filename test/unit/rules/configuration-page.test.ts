import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings/config.ts';
import { configurationPage, readConfigurationPage } from '../../../scripts/rules/configuration-page.ts';

test('docs/configuration.md has the table of the present schema', () => {
  const page = readConfigurationPage();
  expect(page).toBe(configurationPage(page));
});

test('the table has one row for each setting, with its default', () => {
  const page = configurationPage(readConfigurationPage());
  for (const [name, setting] of Object.entries(settingsSchema().properties)) {
    expect(page).toContain(`| \`${name}\` | ${setting.default === undefined ? 'not set' : `\`${setting.default}\``} |`);
  }
});

test('an outdated table is found', () => {
  const outdated = readConfigurationPage().replace('| `PREFETCH` | `256` |', '| `PREFETCH` | `64` |');
  expect(configurationPage(outdated)).not.toBe(outdated);
});

test('a page without its marks is an error', () => {
  expect(() => configurationPage('# Configuration\n')).toThrow('marks');
});
