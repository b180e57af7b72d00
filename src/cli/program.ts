import { Command, CommanderError } from 'commander';
import { EXIT_CODES } from './exit-codes.ts';
import { escapeControls } from '../dead-letters/terminal-text.ts';

import { addClaims } from './commands/claims.ts';
import { addCompletion } from './commands/completion.ts';
import { addConsole } from './commands/console.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExport } from './commands/export.ts';
import { addImport } from './commands/import.ts';
import { addList } from './commands/list.ts';
import { addSchema } from './commands/schema.ts';
import { addSend } from './commands/send.ts';
import { addSingles } from './commands/single.ts';
import { addWatch } from './commands/watch.ts';
import { addExamples } from './options.ts';
import { runner } from './run.ts';
import type { CliEnvironment } from './environment.ts';

const EPILOGUE = `
Exit codes: 0 all well, 1 some failed, 2 wrong usage, 3 not found, 4 no answer in time or not routable,
69 the broker cannot be reached, 78 unusable settings, 130 interrupted.
Data goes to standard output, all else to standard error.`;

/**
 * Carries out `contacts …`; `args` are those behind the program's name. Gives the exit code; throws
 * what is a defect.
 */
export async function runContacts(args: readonly string[], around: CliEnvironment): Promise<number> {
  let exitCode: number = EXIT_CODES.ok;
  const program = contactsProgram(around, (ended) => (exitCode = ended));
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
  }
  return exitCode;
}

/**
 * All commands, with their options and examples. `ended` is called with the exit code of the command
 * that ran.
 */
export function contactsProgram(around: CliEnvironment, ended: (exitCode: number) => void): Command {
  const run = runner(around, ended);
  const program = new Command('contacts')
    .description('Create, change, find, import and export contacts over the message queue.')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void around.stdout.write(text).catch(() => undefined),
      writeErr: (text) => void around.stderr.write(text),
      // What was typed may hold anything.
      outputError: (text, write) => write(`contacts: ${escapeControls(text.replace(/^error: /, '').trim())}\n`),
    })
    .showHelpAfterError('contacts --help lists the commands.');
  addSingles(program, run);
  addList(program, run);
  addSend(program, run);
  addImport(program, run);
  addExport(program, run);
  addWatch(program, run);
  addDeadLetters(program, run);
  addSchema(program, run);
  addDoctor(program, run);
  addConsole(program, run);
  addClaims(program, run);
  addCompletion(program, run);
  addExamples(program, 'contacts doctor', 'contacts list --client-id 1', 'contacts import people.csv --client-id 1');
  return program.addHelpText('after', EPILOGUE);
}
