import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

import type { ConsoleCode } from '../../protocol/catalogue.ts';
import type { Actor, AuditLog } from '../audit.ts';
import { refusal } from '../problem.ts';
import { isSameOrigin } from './hosts.ts';
import { isEqualSecret, Sessions, type Session } from './sessions.ts';
import { WrongTokens } from './wrong-tokens.ts';

/** What the routes know of a request that may pass. */
export interface AccessVariables {
  readonly actor: Actor;
  /** `undefined`: by the token itself. */
  readonly session: Session | undefined;
}

export type ConsoleEnv = { readonly Variables: AccessVariables };

const CSRF_HEADER = 'x-csrf-token';
const MAX_NAME = 64;

/** Lets only those pass who have the token, and notes who they are. */
export class Access {
  readonly #token: string;
  readonly #audit: AuditLog;
  readonly #cookie: () => string;
  readonly #sessions = new Sessions();
  readonly #wrong = new WrongTokens();

  /** `port`: read when a cookie is needed, as browsers share cookies between ports. */
  constructor(token: string, audit: AuditLog, port: () => number) {
    this.#token = token;
    this.#audit = audit;
    this.#cookie = () => `contacts_console_${port()}`;
  }

  /** The session of the request's cookie. */
  sessionOf(context: Context): Session | undefined {
    return this.#sessions.find(getCookie(context, this.#cookie()) ?? '');
  }

  /** For `/api`: by session, with a CSRF token where it changes something; else by the token. */
  readonly required: MiddlewareHandler<ConsoleEnv> = async (context, next) => {
    const given = context.req.header('authorization');
    // A proxy's own login (Basic) is not for the console.
    const authorization = given !== undefined && /^Bearer\b/i.test(given) ? given : undefined;
    const session = authorization === undefined ? this.sessionOf(context) : undefined;
    const refused = session === undefined ? this.#byToken(context, authorization) : csrfRefusal(context, session);
    if (refused !== undefined) return refused;
    const operator = session?.operator ?? named(context.req.header('x-operator'));
    context.set('actor', { operator, address: addressOf(context) });
    context.set('session', session);
    return next();
  };

  /** `POST /login`, a form with `token` and `name`. Returns why it is refused, in words. */
  async signIn(context: Context): Promise<string | undefined> {
    const address = addressOf(context);
    const form = await context.req.parseBody();
    const operator = named(form['name']);
    const token = typeof form['token'] === 'string' ? form['token'].trim() : '';
    if (!isSameOrigin(context.req.raw.headers)) return 'The form was sent by another site.';
    const wait = this.#wrong.waitSeconds(address);
    if (wait > 0) return `Too many wrong tokens. Wait ${wait} s.`;
    if (!isEqualSecret(token, this.#token)) {
      this.#refused(operator, address);
      return 'The token is wrong. It was printed when the console started.';
    }
    // What cannot be recorded is refused.
    this.#audit.record('signed-in', { operator, address });
    const session = this.#sessions.open(operator);
    setCookie(context, this.#cookie(), session.secret, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return undefined;
  }

  signOut(context: Context<ConsoleEnv>): void {
    const session = context.get('session');
    if (session === undefined) return;
    this.#sessions.close(session.secret);
    deleteCookie(context, this.#cookie(), { path: '/' });
    this.#audit.record('signed-out', context.get('actor'));
  }

  #byToken(context: Context, authorization: string | undefined): Response | undefined {
    const address = addressOf(context);
    if (authorization === undefined) return denied(context, 401, 'NO_TOKEN', 'Sign in, or send the token.');
    const wait = this.#wrong.waitSeconds(address);
    if (wait > 0) {
      context.header('Retry-After', String(wait));
      return denied(context, 429, 'TOO_MANY_WRONG_TOKENS', `Too many wrong tokens. Wait ${wait} s.`);
    }
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (isEqualSecret(given, this.#token)) return undefined;
    this.#refused(named(context.req.header('x-operator')), address);
    return denied(context, 401, 'WRONG_TOKEN', 'The token is wrong.');
  }

  #refused(operator: string, address: string): void {
    this.#wrong.add(address);
    this.#audit.record('sign-in-refused', { operator, address });
  }
}

/** A page of another site may send the cookie's bearer here, but cannot read the CSRF token. */
function csrfRefusal(context: Context, session: Session): Response | undefined {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return undefined;
  const given = context.req.header(CSRF_HEADER) ?? '';
  if (isSameOrigin(context.req.raw.headers) && isEqualSecret(given, session.csrf)) return undefined;
  return denied(context, 403, 'CSRF', 'The request was not made by the console’s own page.');
}

function denied(context: Context, status: 401 | 403 | 429, code: ConsoleCode, message: string): Response {
  if (status === 401) context.header('WWW-Authenticate', 'Bearer realm="contacts console"');
  return context.json(refusal(code, message), status);
}

function named(name: unknown): string {
  const text = typeof name === 'string' ? name.trim().slice(0, MAX_NAME) : '';
  return text === '' ? 'unnamed' : text;
}

function addressOf(context: Context): string {
  return getConnInfo(context).remote.address ?? 'unknown';
}
