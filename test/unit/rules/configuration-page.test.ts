import { expect, test } from 'vitest';
import { settingsSchema } from '../../../src/settings/config.ts';
import { configurationPage, readConfigurationPage } from '../../../scripts/rules/configuration-page.ts';

test('docs/configuration.md holds the table of the schema as it is now', () => {
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

test('a page without its marks is refused rather than left alone', () => {
  expect(() => configurationPage('# Configuration\n')).toThrow('marks');
});
