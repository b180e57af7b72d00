import { Hono, type Context } from 'hono';

import type { AuditLog } from '../audit.ts';
import type { ConsoleContext, DocumentSender } from '../context.ts';
import { marksOf } from '../documents/marks.ts';
import { jsonBody, text } from '../input.ts';
import { MAX_BODY_BYTES } from '../settings.ts';
import { ConsoleError, reasonOf } from '../problem.ts';
import type { ConsoleEnv } from '../security/access.ts';

const TIMEOUT_MS = 15_000;

/** Sends with one connection, which is opened when it is first needed. */
export class Sender {
  readonly #connect: ConsoleContext['connect'];
  #connection: Promise<DocumentSender> | undefined;

  constructor(connect: ConsoleContext['connect']) {
    this.#connect = connect;
  }

  async send(xml: string, messageId: string | undefined): ReturnType<DocumentSender['request']> {
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    try {
      const options = { timeoutMs: TIMEOUT_MS, ...(messageId !== undefined && { messageId }) };
      return await (await connection).request(xml, options);
    } catch (error) {
      // A connection that could not be opened must not be the last try.
      await connection.catch(() => (this.#connection = undefined));
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#connection?.then((connection) => connection.close()).catch(() => undefined);
  }
}

export function documentRoutes(
  console: ConsoleContext,
  audit: AuditLog,
  sender: Sender,
  writable: (context: Context) => void,
): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();

  // Changes nothing: the document does not leave this process.
  routes.post('/documents/check', async (context) => {
    const document = documentIn(await jsonBody(context));
    const body = Buffer.from(document);
    const marks = marksOf(document, console.faultsIn(body));
    return context.json({ valid: marks.length === 0, method: console.methodOf(body) ?? null, marks });
  });

  routes.post('/documents/send', async (context) => {
    writable(context);
    const body = await jsonBody(context);
    const document = documentIn(body);
    const messageId = text(body['message_id'], 'message_id');
    const method = console.methodOf(Buffer.from(document)) ?? 'request';
    audit.record('document-sent', context.get('actor'), { method: /^[\w.]{1,64}$/.test(method) ? method : 'unknown' });
    const start = performance.now();
    try {
      const { status, xml, headers } = await sender.send(document, messageId);
      const ms = Math.round(performance.now() - start);
      return context.json({ status, ms, answer: xml, headers, marks: marksOf(document, console.errorsIn(xml)) });
    } catch (error) {
      throw new ConsoleError(503, 'NO_ANSWER', `No answer: ${reasonOf(error)}`);
    }
  });
  return routes;
}

function documentIn(body: Readonly<Record<string, unknown>>): string {
  const document = text(body['document'], 'document', MAX_BODY_BYTES);
  if (document === undefined) throw new ConsoleError(400, 'BAD_VALUE', 'document is missing.');
  return document;
}
