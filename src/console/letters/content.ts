import type { DeadLetter } from '../../protocol/dead-letter.ts';
import { bodyText, jsonValue } from '../../dead-letters/letter-format.ts';
import type { ConsoleContext } from '../context.ts';
import { shownError, shownHeaders, shownId } from './own-headers.ts';
import { rowOf, type LetterRow } from './row.ts';

/** Properties whose values AMQP or the worker defines. */
const OWN_PROPERTIES = new Set([
  'content_type',
  'content_encoding',
  'delivery_mode',
  'priority',
  'timestamp',
  'expiration',
]);

/** A letter without its personal data. */
export interface HiddenLetter extends LetterRow {
  readonly reply_to: string | null;
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, unknown>>;
  /** How many headers are hidden, as the producer set them or may have. */
  readonly hidden_headers: number;
  /** The document with its values hidden; `null` where it is not well-formed. */
  readonly outline: string | null;
}

/** The whole letter. */
export interface RevealedLetter {
  readonly properties: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly body_encoding: 'utf-8' | 'base64';
}

export function hidden(
  letter: DeadLetter,
  { methodOf, outlineOf }: Pick<ConsoleContext, 'methodOf' | 'outlineOf'>,
): HiddenLetter {
  const headers = shownHeaders(letter);
  const properties = Object.entries(letter.properties).filter(([name]) => OWN_PROPERTIES.has(name));
  return {
    ...rowOf(letter, methodOf),
    first_error: shownError(letter, 'first'),
    last_error: shownError(letter, 'last'),
    reply_to: shownId(letter.properties['reply_to']),
    properties: Object.fromEntries(
      properties.map(([name, value]) => [
        name,
        typeof value === 'string' ? (shownId(value.replaceAll(' ', '')) ?? '') : value,
      ]),
    ),
    headers: headers.shown,
    hidden_headers: headers.hidden,
    outline: outlineOf(letter.body) ?? null,
  };
}

export function revealed({ properties, headers, body }: DeadLetter): RevealedLetter {
  const { text, encoding } = bodyText(body);
  return { properties, headers: jsonValue(headers) as Record<string, unknown>, body: text, body_encoding: encoding };
}
