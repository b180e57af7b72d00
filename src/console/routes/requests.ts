import { Hono } from 'hono';

import type { AuditLog } from '../audit.ts';
import type { ConsoleContext } from '../context.ts';
import { count, jsonBody, text } from '../input.ts';
import type { LetterDesk } from '../letters/desk.ts';
import type { Sampler } from '../live/sampler.ts';
import { ConsoleError } from '../problem.ts';
import { lookUp } from '../requests/lookup.ts';
import type { Access, ConsoleEnv } from '../security/access.ts';
import { MAX_BODY_BYTES, type ConsoleSettings } from '../settings.ts';

/** What the routes of sessions, figures and requests work with. */
export interface RequestParts {
  readonly context: ConsoleContext;
  readonly settings: ConsoleSettings;
  readonly access: Access;
  readonly audit: AuditLog;
  readonly sampler: Sampler;
  readonly desk: LetterDesk;
}

export function requestRoutes({
  context: console,
  settings,
  access,
  audit,
  sampler,
  desk,
}: RequestParts): Hono<ConsoleEnv> {
  const routes = new Hono<ConsoleEnv>();

  routes.get('/session', (context) => {
    const { actor, session } = context.var;
    return context.json({
      operator: actor.operator,
      csrf: session?.csrf ?? null,
      read_only: settings.readOnly,
      undo_ms: settings.undoMs,
      look_every_ms: settings.lookEveryMs,
      queue: console.queue,
      version: console.version,
    });
  });
  routes.post('/logout', (context) => {
    access.signOut(context);
    return context.body(null, 204);
  });
  routes.get('/overview', async (context) => {
    const since = count(context.req.query('since'), 0, Number.MAX_SAFE_INTEGER);
    const overview = await sampler.latest;
    return context.json({ ...overview, read_only: settings.readOnly, history: sampler.historySince(since) });
  });
  routes.get('/audit', (context) => context.json({ entries: audit.latest }));
  routes.get('/requests/:reference', async (context) =>
    context.json(await lookUp(context.req.param('reference'), console, desk)),
  );
  // The key is a hash of the ids and the document: from them the reference can be computed.
  routes.post('/requests', async (context) => {
    const body = await jsonBody(context);
    const document = text(body['document'], 'document', MAX_BODY_BYTES);
    const messageId = text(body['message_id'], 'message_id');
    if (document === undefined || messageId === undefined) {
      throw new ConsoleError(400, 'BAD_VALUE', 'document and message_id are needed.');
    }
    const ids = { appId: text(body['app_id'], 'app_id'), messageId, body: Buffer.from(document) };
    return context.json({ reference: console.keyOf(ids).slice(0, 16) });
  });
  return routes;
}
