import { readFileSync } from 'node:fs';

import type { Command, Option } from 'commander';

import type { CliEnvironment } from '../../src/cli/environment.ts';
import { examplesOf } from '../../src/cli/options.ts';
import { contactsProgram } from '../../src/cli/program.ts';
import { USAGE } from '../../src/dead-letters/arguments.ts';
import { withMarkedPart } from './marked-part.ts';

/** The page's location. */
export const CLI_PAGE = new URL('../../docs/cli.md', import.meta.url);
const PART = {
  page: 'docs/cli.md',
  what: 'reference',
  begin: '<!-- reference: written by `node scripts/reference-pages.ts` from src/cli/program.ts -->',
  end: '<!-- end of reference -->',
};
/** Options of so many commands are described once. */
const SEVERAL = 4;

/** Returns docs/cli.md as it has to be: its own text, with the reference between the marks. */
export function cliPage(page: string): string {
  return withMarkedPart(page, PART, reference().join('\n\n'));
}

/** Returns docs/cli.md as it is. */
export function readCliPage(): string {
  return readFileSync(CLI_PAGE, 'utf8');
}

function reference(): string[] {
  // Only a command that runs needs its environment.
  const { commands } = contactsProgram({} as CliEnvironment, () => undefined);
  const all = commands.flatMap((command) => command.options);
  const isCommon = (option: Option): boolean => all.filter((other) => isSame(option, other)).length >= SEVERAL;
  const common = all.filter((option, at) => isCommon(option) && all.findIndex((one) => isSame(one, option)) === at);
  return [
    '### Options of several commands',
    tableOf(common),
    ...commands.flatMap((command) => sectionOf(command, isCommon)),
  ];
}

function isSame(one: Option, other: Option): boolean {
  return one.flags === other.flags && one.description === other.description;
}

function sectionOf(command: Command, isCommon: (option: Option) => boolean): string[] {
  const name = command.name();
  const section = [`### contacts ${name}`, command.description()];
  const examples = examplesOf(command);
  // dead-letters writes its help itself.
  if (examples.length === 0) return [...section, fenced('text', USAGE.trimEnd())];
  const common = command.options.filter(isCommon).map(({ short, long }) => `\`${short ?? long}\``);
  const own = command.options.filter((option) => !isCommon(option));
  const args = command.registeredArguments.map((argument) => {
    const choices = argument.argChoices === undefined ? '' : `: ${argument.argChoices.join(', ')}`;
    return row(`<${argument.name()}>`, `${argument.description}${choices}`);
  });
  const usage = `contacts ${name} ${command.usage()}`;
  return [
    ...section,
    fenced('text', usage),
    ...(args.length + own.length === 0 ? [] : [table([...args, ...own.map(rowOf)])]),
    ...(common.length === 0 ? [] : [`Also ${common.join(', ')}.`]),
    fenced('sh', examples.join('\n')),
  ];
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

function tableOf(options: readonly Option[]): string {
  return table(options.map(rowOf));
}

function table(rows: readonly string[]): string {
  return ['<!-- prettier-ignore -->', '| option | meaning |', '| --- | --- |', ...rows].join('\n');
}

function rowOf({ flags, description, argChoices, defaultValue }: Option): string {
  const choices = argChoices === undefined ? '' : `${argChoices.join(', ')}; `;
  const otherwise = defaultValue === undefined ? '' : ` (default: ${String(defaultValue)})`;
  return row(flags, `${choices}${description}${otherwise}`);
}

function row(name: string, meaning: string): string {
  const cells = [`\`${name}\``, meaning.replaceAll('<', '&lt;')];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
