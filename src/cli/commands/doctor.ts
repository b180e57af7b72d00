import type { Command } from 'commander';

import { checks } from '../doctor/checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { addConnection, addExamples, addOutput, type CommonOptions } from '../options.ts';
import type { CliEnvironment } from '../environment.ts';
import type { Run } from '../run.ts';
import { escapeControls } from '../../dead-letters/terminal-text.ts';

const MARKS = { ok: 'ok  ', failed: 'FAIL', skipped: '-   ' } as const;
/** SGR codes: green, red, faint. */
const COLOURS = { ok: 32, failed: 31, skipped: 2 } as const;

export function addDoctor(program: Command, run: Run): void {
  const described = program
    .command('doctor')
    .description('Check broker, queues, rights, worker, database and clocks, and say what to do.');
  const command = addOutput(addConnection(described), ['json', 'table']);
  addExamples(
    command,
    'contacts doctor',
    'MONGODB_URL=mongodb://db/contacts contacts doctor',
    'contacts doctor -o json | jq -r .check',
  ).action(
    run(async (around, options: CommonOptions) => {
      let failed = false;
      const coloured = hasColours(around);
      for await (const finding of checks(around, options)) {
        failed ||= finding.state === 'failed';
        const line = options.output === 'json' ? `${JSON.stringify(finding)}\n` : lineOf(finding, coloured);
        await around.stdout.writeStyled(line);
      }
      return failed ? EXIT_CODES.failed : EXIT_CODES.ok;
    }),
  );
}

/** On a terminal that can show them, unless NO_COLOR (https://no-color.org) forbids them. */
function hasColours({ stdout, environment: { NO_COLOR = '', TERM } }: CliEnvironment): boolean {
  return stdout.isTTY && NO_COLOR === '' && TERM !== 'dumb';
}

function lineOf({ check, state, words, remedy }: Finding, coloured: boolean): string {
  const advice = remedy === undefined ? '' : ` → ${escapeControls(remedy)}`;
  const mark = coloured ? `\u001B[${COLOURS[state]}m${MARKS[state]}\u001B[0m` : MARKS[state];
  return `${mark}  ${check}: ${escapeControls(words)}${advice}\n`;
}
