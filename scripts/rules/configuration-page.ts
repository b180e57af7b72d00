import { readFileSync } from 'node:fs';

import { allowedValues, settingsSchema, type SettingSchema } from '../../src/settings/config.ts';
import { unformatted, withMarkedPart } from './marked-part.ts';

/** The page's location. */
export const CONFIGURATION_PAGE = new URL('../../docs/configuration.md', import.meta.url);
const PART = {
  page: 'docs/configuration.md',
  what: 'table',
  begin: '<!-- settings: written by `node scripts/settings-table.ts` from config/settings.schema.json -->',
  end: '<!-- end of settings -->',
};

/**
 * Returns docs/configuration.md as it has to be: its own text, with the schema's table between the
 * marks.
 */
export function configurationPage(page: string): string {
  return withMarkedPart(page, PART, unformatted(settingsTable()));
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
