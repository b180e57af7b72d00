import { Hono, type Context } from 'hono';

import type { AuditLog } from '../audit.ts';
import type { ConsoleContext } from '../context.ts';
import { count, filtersIn, flag, jsonBody, selection, text } from '../input.ts';
import { hidden, revealed } from '../letters/content.ts';
import type { LetterDesk } from '../letters/desk.ts';
import type { Jobs } from '../letters/jobs.ts';
import type { Plans } from '../letters/plans.ts';
import { letterId, rowOf } from '../letters/row.ts';
import { ConsoleError } from '../problem.ts';
import type { ConsoleEnv } from '../security/access.ts';

const DEFAULT_ROWS = 200;
const MAX_ROWS = 1_000;

/** What the routes of dead letters work with. */
export interface LetterParts {
  readonly context: ConsoleContext;
  readonly desk: LetterDesk;
  readonly plans: Plans;
  readonly jobs: Jobs;
  readonly audit: AuditLog;
  /** Refuses what changes something, where the console is read-only. */
  readonly writable: (context: Context) => void;
}

export function letterRoutes(parts: LetterParts): Hono<ConsoleEnv> {
  const { context: console, desk, plans, jobs, audit, writable } = parts;
  const recordSearch = (context: Context<ConsoleEnv>, words: string | undefined): void =>
    audit.record('contents-searched', context.get('actor'), { characters: words?.length ?? 0 });
  const routes = new Hono<ConsoleEnv>();

  routes.get('/dead-letters', async (context) => {
    const { reason, group, search, limit } = context.req.query();
    const filter = { reason: text(reason, 'reason'), group: text(group, 'group'), search: text(search, 'search') };
    return context.json(await desk.list(filter, count(limit, DEFAULT_ROWS, MAX_ROWS)));
  });

  // Not a GET: what is searched for may be a person's address, and URLs get into histories.
  routes.post('/dead-letters/search', async (context) => {
    const body = await jsonBody(context);
    const filter = { ...filtersIn(body), contents: true };
    recordSearch(context, filter.search);
    return context.json(await desk.list(filter, DEFAULT_ROWS));
  });

  routes.get('/dead-letters/:id', async (context) => {
    const [letter] = await desk.find(isCalled(context.req.param('id')), (found) => hidden(found, console), 1);
    return context.json(letter ?? missing());
  });

  routes.post('/dead-letters/:id/reveal', async (context) => {
    const id = context.req.param('id');
    const [letter = missing()] = await desk.find(isCalled(id), (found) => whole(found, console.methodOf), 1);
    audit.record('personal-data-shown', context.get('actor'), { letter: letter.row.reference, id });
    return context.json(letter.whole);
  });

  routes.post('/dead-letters/preview', async (context) => {
    writable(context);
    const body = await jsonBody(context);
    const action = actionOf(body);
    const filter = selection(body);
    if (filter.contents === true) recordSearch(context, filter.search);
    const preview = await plans.preview({ action, filter, force: flag(body['force'], 'force') });
    audit.record('previewed', context.get('actor'), { action, count: preview.count });
    return context.json(preview);
  });

  routes.post('/dead-letters/jobs', async (context) => {
    writable(context);
    const plan = plans.take(text((await jsonBody(context))['plan'], 'plan') ?? '');
    return context.json(jobs.start(plan, context.get('actor')), 202);
  });

  routes.get('/jobs', (context) => context.json({ jobs: jobs.list() }));
  routes.get('/jobs/:id', (context) => context.json(jobs.view(context.req.param('id'))));
  routes.post('/jobs/:id/stop', (context) => {
    writable(context);
    return context.json(jobs.stop(context.req.param('id'), context.get('actor')));
  });
  return routes;
}

function actionOf({ action }: Readonly<Record<string, unknown>>): 'send-back' | 'discard' {
  if (action === 'send-back' || action === 'discard') return action;
  throw new ConsoleError(400, 'BAD_VALUE', 'action is send-back or discard.');
}

function whole(found: Parameters<typeof revealed>[0], methodOf: Parameters<typeof rowOf>[1]) {
  return { row: rowOf(found, methodOf), whole: revealed(found) };
}

function isCalled(id: string): (letter: Parameters<typeof letterId>[0]) => boolean {
  return (letter) => letterId(letter) === id;
}

function missing(): never {
  throw new ConsoleError(404, 'NO_SUCH_LETTER', 'The letter is no longer in the queue, or another reader holds it.');
}
