import { Parser } from '@asyncapi/parser';

import { readSchema } from '../../src/schema.ts';

/** A schema of a message's headers or properties, as far as the tests look at it. */
export interface PropertySchema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface Message {
  readonly name: string;
  readonly headers: PropertySchema;
  readonly 'x-amqp-properties'?: PropertySchema;
  readonly 'x-xsd'?: { readonly element: string; readonly type: string };
  readonly 'x-failure-codes'?: Readonly<Record<string, string>>;
  readonly 'x-reasons'?: Readonly<Record<string, string>>;
}

interface Channel {
  readonly address: string | null;
  readonly bindings: {
    readonly amqp: {
      readonly queue?: { readonly name: string; readonly durable: boolean };
      readonly 'x-arguments'?: Readonly<Record<string, string | number>>;
    };
  };
}

interface Operation {
  readonly action: string;
  readonly title: string;
  readonly messages: readonly Message[];
  readonly reply?: { readonly messages: readonly Message[] };
  readonly 'x-per-page'?: { readonly default: number; readonly maximum: number };
}

/** schema/asyncapi.yaml with its references resolved. */
export interface AsyncApi {
  readonly asyncapi: string;
  readonly info: { readonly version: string };
  readonly servers: { readonly broker: { readonly host: string; readonly protocol: string } };
  readonly channels: Readonly<Record<'requests' | 'answers' | 'deadLetters', Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
}

/** What the official parser makes of a document, and what it finds in it. */
export async function parsedAsyncApi(
  text = readSchema('asyncapi'),
): Promise<{ readonly document: AsyncApi | undefined; readonly problems: readonly string[] }> {
  const { document, diagnostics } = await new Parser().parse(text);
  // Version 3.0.0 is the one that most tools read; the parser recommends the newest.
  const problems = diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version');
  return { document: document?.json(), problems: problems.map(({ path, message }) => `${path.join('.')}: ${message}`) };
}
