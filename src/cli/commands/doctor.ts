import type { Command } from 'commander';

import { checks } from '../doctor/checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { addConnection, addExamples, type CommonOptions } from '../options.ts';
import type { Run } from '../run.ts';
import { escapeControls } from '../../dead-letters/terminal-text.ts';

const MARKS = { ok: 'ok  ', failed: 'FAIL', skipped: '-   ' } as const;

export function addDoctor(program: Command, run: Run): void {
  const command = addConnection(
    program
      .command('doctor')
      .description('Check broker, queues, rights, worker, database and clocks, and say what to do.'),
  );
  addExamples(command, 'contacts doctor', 'MONGODB_URL=mongodb://db/contacts contacts doctor').action(
    run(async (around, options: CommonOptions) => {
      let failed = false;
      for await (const finding of checks(around, options)) {
        failed ||= finding.state === 'failed';
        await around.stdout.write(lineOf(finding));
      }
      return failed ? EXIT_CODES.failed : EXIT_CODES.ok;
    }),
  );
}

function lineOf({ check, state, words, remedy }: Finding): string {
  const advice = remedy === undefined ? '' : ` → ${escapeControls(remedy)}`;
  return `${MARKS[state]}  ${check}: ${escapeControls(words)}${advice}\n`;
}
