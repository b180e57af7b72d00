import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who has signed in. */
export interface Session {
  /** The cookie's value. */
  readonly secret: string;
  /** Sent with every change; other sites cannot read it. */
  readonly csrf: string;
  /** For the audit log. */
  readonly operator: string;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

/** One working day. */
const SESSION_MS = 8 * 3_600_000;
const MAX_SESSIONS = 100;

/** Compares in a time that does not depend on where two texts differ. */
export function isEqualSecret(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** A secret of 256 bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

const MIN_TOKEN_BITS = 50;

/**
 * Whether few characters make up a token that a person chose. The right token is always let in, so
 * that wrong ones can be tried as fast as the console answers: some thousand a second, for which
 * 50 bits last for thousands of years.
 */
export function isGuessable(token: string): boolean {
  return token.length * Math.log2(new Set(token).size) < MIN_TOKEN_BITS;
}

/** The sessions of this process; all end with it. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  open(operator: string): Session {
    const now = Date.now();
    for (const [secret, { expires }] of this.#sessions) if (expires <= now) this.#sessions.delete(secret);
    if (this.#sessions.size >= MAX_SESSIONS) {
      const [oldest = ''] = this.#sessions.keys();
      this.#sessions.delete(oldest);
    }
    const session = { secret: newSecret(), csrf: newSecret(), operator, expires: now + SESSION_MS };
    this.#sessions.set(session.secret, session);
    return session;
  }

  find(secret: string): Session | undefined {
    const session = this.#sessions.get(secret);
    return session !== undefined && session.expires > Date.now() ? session : undefined;
  }

  close(secret: string): void {
    this.#sessions.delete(secret);
  }
}
