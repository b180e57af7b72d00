import { readFileSync } from 'node:fs';

import { allowedValues, settingsSchema, type SettingSchema } from '../../src/settings/config.ts';

/** The page's location. */
export const CONFIGURATION_PAGE = new URL('../../docs/configuration.md', import.meta.url);
const BEGIN = '<!-- settings: written by `node scripts/settings-table.ts` from config/settings.schema.json -->';
const END = '<!-- end of settings -->';

/**
 * Returns docs/configuration.md as it has to be: its own text, with the schema's table between the
 * marks.
 */
export function configurationPage(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin === -1 || end < begin) throw new Error('docs/configuration.md has lost the marks around its table');
  return `${page.slice(0, begin)}${BEGIN}\n\n<!-- prettier-ignore -->\n${settingsTable()}\n\n${page.slice(end)}`;
}

/** Returns docs/configuration.md as it is. */
export function readConfigurationPage(): string {
  return readFileSync(CONFIGURATION_PAGE, 'utf8');
}

function settingsTable(): string {
  const rows = Object.entries(settingsSchema().properties).map(([name, setting]) => row(name, setting));
  return ['| variable | default | allowed | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function row(name: string, setting: SettingSchema): string {
  const standard = setting.default === undefined ? 'not set' : `\`${setting.default}\``;
  const cells = [`\`${name}\``, standard, allowedValues(setting), setting.description];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
