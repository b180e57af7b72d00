import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';

import { AuditLog } from './audit.ts';
import type { ConsoleContext } from './context.ts';
import { LetterDesk } from './letters/desk.ts';
import { Jobs } from './letters/jobs.ts';
import { Plans } from './letters/plans.ts';
import { Sampler } from './live/sampler.ts';
import { readPages, type Pages } from './page-files.ts';
import { ConsoleError, reasonOf, refusal } from './problem.ts';
import { documentRoutes, Sender } from './routes/documents.ts';
import { letterRoutes } from './routes/letters.ts';
import { requestRoutes } from './routes/requests.ts';
import { Access, type ConsoleEnv } from './security/access.ts';
import { securityHeaders } from './security/headers.ts';
import { hostsOf } from './security/hosts.ts';
import { MAX_BODY_BYTES, type ConsoleSettings } from './settings.ts';

/** Room for JSON's escapes around a document. */
const MAX_REQUEST_BYTES = 2 * MAX_BODY_BYTES;

/** The console's parts behind HTTP. */
export interface ConsoleApp {
  readonly fetch: Hono<ConsoleEnv>['fetch'];
  /** Undoes what waits, ends what runs, closes all connections. */
  close(): Promise<void>;
}

/** `port`: the port that it listens on, once it does. */
export function createApp(console: ConsoleContext, settings: ConsoleSettings, port: () => number): ConsoleApp {
  // Read first: where a file is missing, nothing has begun yet.
  const pages = readPages();
  const audit = new AuditLog(console.audit);
  const access = new Access(settings, audit, port);
  const desk = new LetterDesk(console);
  const plans = new Plans(desk, console.methodOf);
  const jobs = new Jobs(desk, console.methodOf, audit, settings.undoMs);
  const sampler = new Sampler(console, settings.lookEveryMs);
  const sender = new Sender(console.connect);
  const writable = (): void => {
    if (settings.readOnly) throw new ConsoleError(403, 'READ_ONLY', 'This console is read-only.');
  };

  const app = new Hono<ConsoleEnv>();
  app.use(securityHeaders);
  app.use(async (context, next) => {
    const host = context.req.header('host')?.toLowerCase() ?? '';
    if (hostsOf({ ...settings, port: port() }).has(host)) return next();
    return context.json(refusal('WRONG_HOST', 'Not a name of this console; see --allow-host.'), 421);
  });
  app.use(bodyLimit({ maxSize: MAX_REQUEST_BYTES, onError: tooLarge }));
  app.onError(answerError);
  app.notFound((context) => context.json(refusal('NOT_FOUND', 'There is nothing here.'), 404));

  addPages(app, access, pages);
  app.use('/api/*', access.required);
  app.route('/api', requestRoutes({ context: console, settings, access, audit, sampler, desk }));
  app.route('/api', letterRoutes({ context: console, desk, plans, jobs, audit, writable }));
  app.route('/api', documentRoutes(console, audit, sender, writable));

  return {
    fetch: app.fetch,
    close: async () => {
      await jobs.close();
      await Promise.all([desk.close(), sampler.close(), sender.close(), console.traces?.close()]);
    },
  };
}

function addPages(app: Hono<ConsoleEnv>, access: Access, { files, index, login }: Pages): void {
  app.get('/', (context) =>
    access.sessionOf(context) === undefined ? context.redirect('/login') : context.html(index()),
  );
  app.get('/login', (context) => context.html(login()));
  app.post('/login', async (context) => {
    const refused = await access.signIn(context);
    if (refused === undefined) return context.redirect('/', 303);
    return context.html(login({ problem: refused.problem }), refused.status);
  });
  app.get('/assets/:name', (context) => {
    const file = files.get(context.req.param('name'));
    return file === undefined ? context.notFound() : context.body(file.text, 200, { 'Content-Type': file.type });
  });
}

function tooLarge(context: Context): Response {
  return context.json(refusal('TOO_LARGE', `At most ${MAX_REQUEST_BYTES} bytes are read.`), 413);
}

function answerError(error: Error, context: Context): Response {
  if (error instanceof ConsoleError) {
    return context.json(refusal(error.code, error.message), error.status);
  }
  return context.json(refusal('INTERNAL_ERROR', reasonOf(error)), 500);
}
