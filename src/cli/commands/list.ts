import type { Command } from 'commander';
import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';

import type { Contact } from '../../client/index.ts';
import { CommandError } from '../errors.ts';
import { addExamples, addOutput, addRequest, positiveInteger, type CommonOptions } from '../options.ts';
import { contactsAnswer, contactsTable, wireContact } from '../presentation.ts';
import { withContacts, type Session } from '../session.ts';
import type { Run } from '../run.ts';

interface ListOptions extends CommonOptions {
  readonly clientId?: number;
  readonly email?: string;
  readonly page?: number;
  readonly perPage?: number;
  readonly all?: boolean;
}

/**
 * Contacts of one table when all are listed: the widths of columns need some, and memory allows no
 * more.
 */
const TABLE_ROWS = 1_000;

export function addList(program: Command, run: Run): void {
  const command = addOutput(addRequest(program.command('list').description('List contacts.')))
    .option('--client-id <n>', 'only contacts of this client', positiveInteger)
    .option('--email <address>', 'only contacts with this address, without regard to case')
    .option('--page <n>', 'which page (default: 1)', positiveInteger)
    .option('--per-page <n>', 'contacts on a page (default: 25)', positiveInteger)
    .option('--all', 'all pages');
  addExamples(
    command,
    'contacts list --client-id 1',
    "contacts list --all -o json | jq -r '.[].email'",
    'contacts list --page 2 --per-page 100',
  ).action(
    run(async (around, options: ListOptions) => {
      const { all = false, page } = options;
      if (all && page !== undefined) throw new CommandError(EXIT_CODES.usage, 'list takes --page or --all, not both.');
      return withContacts(around, options, (session) => (all ? listAll(session, options) : listPage(session, options)));
    }),
  );
}

async function listPage(session: Session, options: ListOptions): Promise<ExitCode> {
  const { around, contacts, call, output } = session;
  const { clientId, email, page, perPage } = options;
  const found = await contacts.list({ clientId, email, page, perPage }, call);
  await write(session, found.contacts);
  if (found.hasMore && output === 'table') {
    around.stderr.write(`There are more: --page ${(page ?? 1) + 1}, or --all.\n`);
  }
  return EXIT_CODES.ok;
}

async function write({ around, output }: Session, contacts: readonly Contact[]): Promise<void> {
  if (output === 'table') return around.stdout.write(contactsTable(contacts, true));
  if (output === 'xml') return around.stdout.write(contactsAnswer(contacts));
  return around.stdout.write(`${JSON.stringify(contacts.map(wireContact))}\n`);
}

/** Writes as it reads. */
async function listAll(session: Session, options: ListOptions): Promise<ExitCode> {
  const { around, contacts, call, output } = session;
  const { clientId, email, perPage } = options;
  const all = contacts.listAll({ clientId, email, perPage }, call);
  let count = 0;
  for await (const some of chunks(all, TABLE_ROWS)) {
    if (output === 'table') await around.stdout.write(contactsTable(some, count === 0));
    else if (output === 'xml') await around.stdout.write(xmlPart(some, count === 0));
    else await around.stdout.write(jsonPart(some, count === 0));
    count += some.length;
  }
  if (output === 'xml') await around.stdout.write(count === 0 ? contactsAnswer([]) : ANSWER_END);
  if (output === 'json') await around.stdout.write(count === 0 ? '[]\n' : ']\n');
  return EXIT_CODES.ok;
}

function jsonPart(contacts: readonly Contact[], first: boolean): string {
  return `${first ? '[' : ','}${JSON.stringify(contacts.map(wireContact)).slice(1, -1)}`;
}

const ANSWER_END = '</response>\n';

/** The answer's document without its end; without its start, too, behind the first part. */
function xmlPart(contacts: readonly Contact[], first: boolean): string {
  const whole = contactsAnswer(contacts);
  return whole.slice(first ? 0 : whole.indexOf('<contact>'), -ANSWER_END.length);
}

/** The items in arrays of `size`; the last is shorter, and none is empty. */
async function* chunks<Item>(items: AsyncIterable<Item>, size: number): AsyncGenerator<readonly Item[]> {
  let some: Item[] = [];
  for await (const item of items) {
    some.push(item);
    if (some.length < size) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
