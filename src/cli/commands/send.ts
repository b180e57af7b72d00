import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';

import type { Command } from 'commander';
import { EXIT_CODES, type ExitCode, worse } from '../exit-codes.ts';
import { escapeControls } from '../../dead-letters/terminal-text.ts';

import { errorsIn } from '../answer.ts';
import { CommandError } from '../errors.ts';
import { addExamples, addOutput, addRequest, type CommonOptions } from '../options.ts';
import { reasonOf, reported, withContacts, type Session } from '../session.ts';
import { tableText } from '../presentation.ts';
import type { Run } from '../run.ts';
import type { CliEnvironment } from '../environment.ts';

/** The broker's own limit for a message is 16 MiB. */
const MAX_BYTES = 16 * 1024 * 1024;
const STDIN = '-';

export function addSend(program: Command, run: Run): void {
  const command = addOutput(addRequest(program.command('send').description('Send request documents as they are.')));
  addExamples(
    command.argument('[file...]', 'files with one request each; - is standard input, also the default'),
    'contacts send request.xml',
    'contacts send requests/*.xml -o json',
    'contacts send request.xml --message-id order-4712 --deadline 2099-12-31T23:59:59Z',
    'echo \'<request method="contact.list"/>\' | contacts send',
  ).action(
    run(async (around, options: CommonOptions, [named]: [readonly string[]]) => {
      const files = named.length === 0 ? [STDIN] : named;
      if (files.filter((file) => file === STDIN).length > 1) {
        throw new CommandError(EXIT_CODES.usage, 'Standard input can be read once: name - once.');
      }
      return withContacts(around, options, async (session) => {
        let exitCode: ExitCode = EXIT_CODES.ok;
        for (const file of files) exitCode = worse(exitCode, await sendFile(session, file, files.length > 1));
        return exitCode;
      });
    }),
  );
}

async function sendFile(session: Session, file: string, several: boolean): Promise<ExitCode> {
  const { around, contacts, call } = session;
  const about = several ? `${file}: ` : '';
  try {
    const answer = await contacts.request(await bytesOf(around, file), call);
    await around.stdout.write(answerText(session, file, answer));
    return answer.status === 'ok' ? EXIT_CODES.ok : exitCodeOf(answer.xml);
  } catch (error) {
    return reported(around, error, about);
  }
}

async function bytesOf(around: CliEnvironment, file: string): Promise<Buffer> {
  try {
    return file === STDIN ? await standardInput(around) : await readFile(file);
  } catch (error) {
    if (around.stop.aborted) throw new CommandError(EXIT_CODES.interrupted, 'Stopped.');
    throw new CommandError(EXIT_CODES.usage, `${escapeControls(file)} cannot be read: ${reasonOf(error)}`);
  }
}

async function standardInput({ stdin, stop }: CliEnvironment): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of addAbortSignal(stop, stdin) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BYTES) throw new Error(`it has more than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function answerText(
  { output }: Session,
  file: string,
  { status, xml }: { readonly status: string; readonly xml: string },
): string {
  if (output === 'xml') return `${xml}\n`;
  const errors = errorsIn(xml);
  if (output === 'json') return `${JSON.stringify({ file, status, errors, xml })}\n`;
  if (errors.length === 0) return `${tableText(undefined, [[file, status]])}${xml}\n`;
  return tableText(
    undefined,
    errors.map(({ code, field = '', message }) => [file, status, code, field, message]),
  );
}

function exitCodeOf(xml: string): ExitCode {
  const [first, ...others] = errorsIn(xml);
  if (first?.code === 'EXPIRED') return EXIT_CODES.noAnswer;
  return first?.code === 'NOT_FOUND' && others.length === 0 ? EXIT_CODES.notFound : EXIT_CODES.failed;
}
