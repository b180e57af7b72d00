import type { Command } from 'commander';
import { EXIT_CODES, type ExitCode, worse } from '../exit-codes.ts';

import type { ContactChanges, NewContact } from '../../client/index.ts';
import { CommandError } from '../errors.ts';
import {
  addExamples,
  addOutput,
  addRequest,
  positiveInteger,
  positiveIntegers,
  type CommonOptions,
} from '../options.ts';
import { contactText, writtenText } from '../presentation.ts';
import { reported, withContacts } from '../session.ts';
import type { Run } from '../run.ts';

type FieldOptions = CommonOptions & Partial<NewContact>;

const MANDATORY = [
  ['clientId', '--client-id'],
  ['firstName', '--first-name'],
  ['lastName', '--last-name'],
  ['email', '--email'],
] as const;

/** Adds create, update, get and delete: the commands about contacts by their ids. */
export function addSingles(program: Command, run: Run): void {
  addCreate(program, run);
  addUpdate(program, run);
  addGet(program, run);
  addDelete(program, run);
}

function addCreate(program: Command, run: Run): void {
  const command = withFields(addOutput(addRequest(program.command('create').description('Create a contact.'))));
  addExamples(
    command,
    'contacts create --client-id 1 --first-name Jane --last-name Doe --email jane@example.org',
    'contacts create --client-id 1 --first-name Joe --last-name Doe --email joe@example.org --message-id order-4711',
  ).action(
    run(async (around, options: FieldOptions) => {
      const contact = newContact(options);
      return withContacts(around, options, async ({ contacts, call, output }) => {
        const { contactId, repeated } = await contacts.create(contact, call);
        await around.stdout.write(writtenText(contactId, repeated, output, true));
        return EXIT_CODES.ok;
      });
    }),
  );
}

function addUpdate(program: Command, run: Run): void {
  const command = addOutput(addRequest(program.command('update').description('Change fields of a contact.')));
  addExamples(
    withFields(command.argument('<id>', 'contact_id', positiveInteger)),
    'contacts update 17 --email jane.doe@example.org',
    "contacts update 17 --phone ''   # clears the phone number",
  ).action(
    run(async (around, options: FieldOptions, [id]: [number]) =>
      withContacts(around, options, async ({ contacts, call, output }) => {
        const { repeated } = await contacts.update(id, fieldsOf(options), call);
        await around.stdout.write(writtenText(id, repeated, output, false));
        return EXIT_CODES.ok;
      }),
    ),
  );
}

function addGet(program: Command, run: Run): void {
  const command = addOutput(addRequest(program.command('get').description('Show a contact.')));
  addExamples(
    command.argument('<id>', 'contact_id', positiveInteger),
    'contacts get 17',
    'contacts get 17 -o json | jq -r .email',
  ).action(
    run(async (around, options: CommonOptions, [id]: [number]) =>
      withContacts(around, options, async ({ contacts, call, output }) => {
        await around.stdout.write(contactText(await contacts.get(id, call), output));
        return EXIT_CODES.ok;
      }),
    ),
  );
}

function addDelete(program: Command, run: Run): void {
  const command = addOutput(addRequest(program.command('delete').description('Delete contacts.')));
  addExamples(
    command.argument('<id...>', 'contact_id', positiveIntegers),
    'contacts delete 17',
    'contacts delete 18 19 20 --deadline +10',
  ).action(
    run(async (around, options: CommonOptions, [ids]: [readonly number[]]) =>
      withContacts(around, options, async ({ contacts, call, output }) => {
        let exitCode: ExitCode = EXIT_CODES.ok;
        for (const id of ids) {
          try {
            const { repeated } = await contacts.delete(id, call);
            await around.stdout.write(writtenText(id, repeated, output, false));
          } catch (error) {
            exitCode = worse(exitCode, reported(around, error, ids.length > 1 ? `${id}: ` : ''));
          }
        }
        return exitCode;
      }),
    ),
  );
}

function withFields(command: Command): Command {
  return command
    .option('--client-id <n>', 'the client the contact belongs to', positiveInteger)
    .option('--first-name <text>', '1 to 255 characters')
    .option('--last-name <text>', '1 to 255 characters')
    .option('--email <address>', '3 to 254 characters')
    .option('--phone <text>', 'up to 64 characters')
    .option('--mobile-phone <text>', 'up to 64 characters');
}

function fieldsOf({ clientId, firstName, lastName, email, phone, mobilePhone }: FieldOptions): ContactChanges {
  return { clientId, firstName, lastName, email, phone, mobilePhone };
}

function newContact(options: FieldOptions): NewContact {
  const missing = MANDATORY.filter(([name]) => options[name] === undefined).map(([, option]) => option);
  if (missing.length > 0) {
    throw new CommandError(
      EXIT_CODES.usage,
      `create needs ${missing.join(', ')}. contacts create --help has examples.`,
    );
  }
  return fieldsOf(options) as NewContact;
}
