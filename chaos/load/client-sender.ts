import {
  ClosedError,
  ContactsClient,
  RequestFailedError,
  UnroutableError,
  type Contact,
  type Problem,
} from '../../src/client/index.ts';
import { codesIn, okAnswer } from '../../test/support/documents.ts';
import { QUEUE } from '../infrastructure/testbed.ts';
import type { Action, Answered } from '../journal.ts';
import type { Journal } from '../journal-file.ts';
import { LIST_PAGE_SIZE, type Request } from './requests.ts';
import type { LoadSender } from './sender.ts';

const APP_ID = 'chaos';
/** Longer than any fault and the recovery from it: a call that reaches it is a problem. */
const CALL_LIMIT_MS = 300_000;

/** What a sender needs of its run. */
export interface SenderHost {
  readonly urls: readonly string[];
  readonly queues: number;
  readonly journal: Journal;
  readonly onAnswer: (answer: Answered) => void;
  readonly reportProblem: (detail: string) => void;
}

/**
 * A producer that uses the client library: half of the requests as typed calls, the others as
 * documents. Odd senders receive answers by direct reply-to, even ones in a named queue. Every call
 * that ends in any other way than the library documents is a problem of the run.
 */
export class ClientSender implements LoadSender {
  readonly connected: Promise<void>;
  readonly #number: number;
  readonly #host: SenderHost;
  readonly #client: Promise<ContactsClient>;
  #open = 0;
  #closed = false;

  constructor(number: number, host: SenderHost) {
    this.#number = number;
    this.#host = host;
    this.#client = ContactsClient.connect({
      url: host.urls.map((url) => `${url}?heartbeat=2`),
      queue: QUEUE,
      queues: host.queues,
      appId: APP_ID,
      timeoutMs: CALL_LIMIT_MS,
      replyQueue: number % 2 === 0 ? `chaos.client-replies.${number}` : undefined,
    });
    this.connected = this.#client.then(() => undefined);
  }

  /** Calls once. Resolves with whether the call was answered; if not, its outcome is unknown. */
  async publish(request: Request): Promise<boolean> {
    const client = await this.#client;
    const { journal, onAnswer } = this.#host;
    const { id, action } = request;
    const at = journal.now();
    this.#open += 1;
    const xml = await this.#answerOf(client, request);
    this.#open -= 1;
    journal.add({ type: 'sent', id, sender: this.#number, at, action, confirmed: xml !== undefined });
    if (xml === undefined) return this.#closed;
    const codes = codesIn(xml);
    const answer: Answered = {
      type: 'answered',
      id,
      at: journal.now(),
      status: codes.length > 0 ? 'fail' : 'ok',
      codes,
      xml,
    };
    journal.add(answer);
    onAnswer(answer);
    return true;
  }

  async #answerOf(client: ContactsClient, request: Request): Promise<string | undefined> {
    try {
      return isTyped(request) ? await typedCall(client, request) : await rawCall(client, request);
    } catch (error) {
      if (error instanceof RequestFailedError) return failureOf(error.problems);
      // The queue is deleted meanwhile by one of the faults.
      if (error instanceof UnroutableError || (error instanceof ClosedError && this.#closed)) return undefined;
      this.#host.reportProblem(`a call of the client library rejected: ${String(error)}`);
      return undefined;
    }
  }

  async close(): Promise<void> {
    const client = await this.#client;
    const { inFlight, waiting } = client.stats;
    if (this.#open + inFlight + waiting > 0) {
      this.#host.reportProblem(
        `client ${this.#number} has ${this.#open} promises open, ${inFlight} in flight, ${waiting} waiting`,
      );
    }
    this.#closed = true;
    await client.close();
  }
}

/** The same for each sending of a request, as another document is another request. */
function isTyped({ id, action }: Request): boolean {
  return action.method.startsWith('contact.') && Number(id.slice(1)) % 2 === 0;
}

async function rawCall(client: ContactsClient, { id: messageId, xml, headers }: Request): Promise<string> {
  const deadline = headers['deadline'] as number | undefined;
  const answer = await client.request(xml, { messageId, deadline });
  return answer.xml;
}

/** Writes the result as the document that the library has read. */
async function typedCall(client: ContactsClient, { id: messageId, action }: Request): Promise<string> {
  const { method } = action;
  const options = { messageId };
  if (method === 'contact.create') {
    const { contactId } = await client.create(typed(action.fields), options);
    return okAnswer(`<contact_id>${contactId}</contact_id>`);
  }
  if (method === 'contact.get') return okAnswer(contactXml(await client.get(action.contact, options)));
  if (method === 'contact.list') {
    const page = await client.list({ clientId: action.client_id, perPage: LIST_PAGE_SIZE }, options);
    return okAnswer(page.contacts.map(contactXml).join(''));
  }
  if (method === 'contact.update') await client.update(action.contact, typed(action.changes), options);
  else if (method === 'contact.delete') await client.delete(action.contact, options);
  else throw new Error(`no typed call makes the request ${method}`);
  return okAnswer();
}

type Fields = Extract<Action, { readonly method: 'contact.create' }>['fields'];
type Typed<Given> = { [Name in keyof Given as Name extends string ? Camel<Name> : never]: Given[Name] };
type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Rest>}` : Name;

function typed<Given extends Partial<Fields>>(fields: Given): Typed<Given> {
  const renamed = Object.entries(fields).map(([name, value]) => [
    name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(renamed) as Typed<Given>;
}

function contactXml({ contactId, firstName, lastName, email, phone, mobilePhone }: Contact): string {
  const values = { contact_id: contactId, first_name: firstName, last_name: lastName, email, phone };
  return `<contact>${elements({ ...values, mobile_phone: mobilePhone })}</contact>`;
}

function failureOf(problems: readonly Problem[]): string {
  const errors = problems.map((problem) => `<error>${elements({ ...problem })}</error>`);
  return okAnswer(errors.join('')).replace('status="ok"', 'status="fail"');
}

/** The texts of a run hold no character that XML would have to escape, but those in messages may. */
function elements(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `<${name}>${String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</${name}>`)
    .join('');
}
