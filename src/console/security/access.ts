import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

import type { ConsoleCode } from '../../protocol/catalogue.ts';
import type { Actor, AuditLog } from '../audit.ts';
import { refusal } from '../problem.ts';
import type { ConsoleSettings } from '../settings.ts';
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
  readonly #publicOrigin: string | undefined;
  readonly #sessions = new Sessions();
  readonly #wrong = new WrongTokens();

  /** `port`: read when a cookie is needed, as browsers share cookies between ports. */
  constructor(
    { token, publicOrigin }: Pick<ConsoleSettings, 'token' | 'publicOrigin'>,
    audit: AuditLog,
    port: () => number,
  ) {
    this.#token = token;
    this.#audit = audit;
    this.#publicOrigin = publicOrigin;
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
    const refused = session === undefined ? this.#byToken(context, authorization) : this.#bySession(context, session);
    if (refused !== undefined) return refused;
    const operator = session?.operator ?? named(context.req.header('x-operator'));
    context.set('actor', { operator, address: addressOf(context) });
    context.set('session', session);
    return next();
  };

  /** `POST /login`, a form with `token` and `name`. Returns why it is refused. */
  async signIn(context: Context): Promise<SignInRefusal | undefined> {
    const address = addressOf(context);
    const form = await context.req.parseBody().catch(() => undefined);
    if (form === undefined) return { status: 400, problem: 'The form cannot be read.' };
    const operator = named(form['name']);
    const token = typeof form['token'] === 'string' ? form['token'].trim() : '';
    if (!isSameOrigin(context.req.raw.headers, this.#publicOrigin)) {
      return { status: 401, problem: 'The form was sent by another site.' };
    }
    if (!isEqualSecret(token, this.#token)) {
      const wait = this.#refused(context, operator, address);
      if (wait > 0) return { status: 429, problem: tooMany(wait) };
      return { status: 401, problem: 'The token is wrong. It was printed when the console started.' };
    }
    // What cannot be recorded is refused.
    this.#audit.record('signed-in', { operator, address });
    const session = this.#sessions.open(operator);
    const secure = this.#publicOrigin?.startsWith('https:') === true;
    setCookie(context, this.#cookie(), session.secret, { httpOnly: true, secure, sameSite: 'Strict', path: '/' });
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
    const [, given = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (isEqualSecret(given, this.#token)) return undefined;
    const wait = this.#refused(context, named(context.req.header('x-operator')), address);
    if (wait > 0) return denied(context, 429, 'TOO_MANY_WRONG_TOKENS', tooMany(wait));
    return denied(context, 401, 'WRONG_TOKEN', 'The token is wrong.');
  }

  /** A page of another site may send the cookie's bearer here, but cannot read the CSRF token. */
  #bySession(context: Context, session: Session): Response | undefined {
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return undefined;
    const given = context.req.header(CSRF_HEADER) ?? '';
    const isOwn = isSameOrigin(context.req.raw.headers, this.#publicOrigin);
    if (isOwn && isEqualSecret(given, session.csrf)) return undefined;
    return denied(context, 403, 'CSRF', 'The request was not made by the console’s own page.');
  }

  /** Counts and records a wrong token; returns the seconds to wait where there were too many. */
  #refused(context: Context, operator: string, address: string): number {
    const { count, waitSeconds, isRecorded } = this.#wrong.add(address);
    if (isRecorded) this.#audit.record('sign-in-refused', { operator, address }, { count });
    if (waitSeconds > 0) context.header('Retry-After', String(waitSeconds));
    return waitSeconds;
  }
}

/** Why somebody is not signed in, in words. */
export interface SignInRefusal {
  readonly status: 400 | 401 | 429;
  readonly problem: string;
}

function tooMany(waitSeconds: number): string {
  return `Too many wrong tokens. Wait ${waitSeconds} s.`;
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
