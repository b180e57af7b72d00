import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../../infrastructure/command.ts';

/** docs/operations/alerts.md. */
export const HANDBOOK = readFileSync(join(ROOT, 'docs/operations/alerts.md'), 'utf8');

/** Returns the commands of each section that has some, by the alert's name. */
export function commandsByAlert(handbook: string): ReadonlyMap<string, string> {
  const sections = handbook.split(/^### /m).slice(1);
  return new Map(
    sections.flatMap((section): [string, string][] => {
      const [own = ''] = section.split(/^## /m, 1);
      const [name = ''] = own.split('\n', 1);
      const blocks = [...own.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, commands = '']) => commands);
      return blocks.length === 0 ? [] : [[name, blocks.join('')]];
    }),
  );
}

/** Returns the commands of the section "What to do first". */
export function firstCommands(handbook: string): string {
  const [, commands] = /^## What to do first$[^]*?^ +```sh$([^]*?)^ +```$/m.exec(handbook) ?? [];
  if (commands === undefined) throw new Error('the handbook has no first commands');
  return commands;
}

/** Returns the alerts of the table "alert without a test", with their reasons. */
function withoutTest(handbook: string): ReadonlyMap<string, string> {
  const rows = handbook.matchAll(/^\| \[(Contacts\w+)\]\(#\w+\)\s*\| (.*?)\s*\|$/gm);
  return new Map([...rows].map(([, name = '', reason = '']) => [name, reason]));
}

/** Returns the alerts that have neither commands nor a reason for having none, and those that have both. */
export function uncoveredAlerts(names: readonly string[], handbook: string): string[] {
  const commands = commandsByAlert(handbook);
  const excused = withoutTest(handbook);
  return [
    ...names.flatMap((name) => {
      if (commands.has(name))
        return excused.has(name) ? [`${name}: commands, and a reason for having none tested`] : [];
      return (excused.get(name) ?? '').length > 20 ? [] : [`${name}: neither commands nor a reason`];
    }),
    ...[...excused.keys()].filter((name) => !names.includes(name)).map((name) => `${name}: a reason without an alert`),
  ];
}
