import { parseAnswer } from '../codec/answer-document.ts';
import { HEADERS } from '../protocol/catalogue.ts';
import type { XmlElement } from '../protocol/request.ts';
import type { Contact, ContactPage, Created, RawAnswer, WriteResult } from './contact.ts';
import { ContactsError, requestFailure, type Problem } from './errors.ts';

/** An answer as the broker delivered it. */
export interface Answer {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Of the request. */
  readonly messageId: string;
}

/**
 * Turns an answer into a call's result. Throws `RequestFailedError`, or `ContactsError`
 * (BAD_ANSWER).
 */
export type AnswerReader<T> = (answer: Answer) => T;

/** The largest page (3,000 contacts of seven elements each) fits in. */
const MAX_ELEMENTS = 50_000;

export function readCreated(answer: Answer): Created {
  const contactId = numberOf(textOf(contentOf(answer), 'contact_id', answer), 'contact_id', answer);
  return { contactId, repeated: isRepeated(answer) };
}

export function readWritten(answer: Answer): WriteResult {
  contentOf(answer);
  return { repeated: isRepeated(answer) };
}

export function readContact(answer: Answer): Contact {
  const [element] = contentOf(answer);
  if (element?.name !== 'contact') throw badAnswer(answer, 'it holds no contact');
  return contactOf(element, answer);
}

export function readPage(answer: Answer): ContactPage {
  const contacts = contentOf(answer).map((element) => contactOf(element, answer));
  const { [HEADERS.hasMore]: hasMore, [HEADERS.page]: page, [HEADERS.perPage]: perPage } = answer.headers;
  if (typeof hasMore !== 'boolean') throw badAnswer(answer, 'its header has_more is neither true nor false');
  return { contacts, hasMore, page: numberOf(page, 'page', answer), perPage: numberOf(perPage, 'per_page', answer) };
}

/** Leaves the document unread; a failure is a result here. */
export function readRaw(answer: Answer): RawAnswer {
  const { body, headers } = answer;
  const status = headers[HEADERS.status];
  if (status !== 'ok' && status !== 'fail') throw badAnswer(answer, 'its header status is neither ok nor fail');
  return { status, xml: body.toString('utf8'), headers };
}

function isRepeated({ headers }: Answer): boolean {
  return headers[HEADERS.repeated] === true;
}

/** The elements in `<response status="ok">`. */
function contentOf(answer: Answer): readonly XmlElement[] {
  const parsed = parseAnswer(answer.body, MAX_ELEMENTS);
  if (!parsed.ok) throw badAnswer(answer, parsed.fault.message);
  const { name, attributes, children } = parsed.root;
  const status = attributes.find(([attribute]) => attribute === 'status')?.[1];
  if (name === 'response' && status === 'ok') return children;
  const [first, ...others] = name === 'response' && status === 'fail' ? children.map(problemOf) : [];
  if (first === undefined) throw badAnswer(answer, 'it is not a <response> with status ok or fail');
  if (first.code === '') throw badAnswer(answer, 'its first error has no code');
  throw requestFailure([first, ...others], answer.messageId);
}

function problemOf({ children }: XmlElement): Problem {
  const [code = '', field, message = ''] = ['code', 'field', 'message'].map(
    (wanted) => children.find(({ name }) => name === wanted)?.text,
  );
  return field === undefined ? { code, message } : { code, field, message };
}

function contactOf({ children }: XmlElement, answer: Answer): Contact {
  return {
    contactId: numberOf(textOf(children, 'contact_id', answer), 'contact_id', answer),
    firstName: textOf(children, 'first_name', answer),
    lastName: textOf(children, 'last_name', answer),
    email: textOf(children, 'email', answer),
    phone: textOf(children, 'phone', answer),
    mobilePhone: textOf(children, 'mobile_phone', answer),
  };
}

function textOf(elements: readonly XmlElement[], wanted: string, answer: Answer): string {
  const found = elements.find(({ name }) => name === wanted);
  if (found === undefined) throw badAnswer(answer, `it holds no ${wanted}`);
  return found.text;
}

function numberOf(value: unknown, name: string, answer: Answer): number {
  const number = Number(value);
  if (value === '' || !Number.isSafeInteger(number) || number < 1) throw badAnswer(answer, `its ${name} is no number`);
  return number;
}

function badAnswer({ messageId }: Answer, problem: string): ContactsError {
  return new ContactsError('BAD_ANSWER', `the answer cannot be read: ${problem}`, { messageId, outcomeUnknown: true });
}
