import type { ConsoleCode } from '../protocol/catalogue.ts';
import { escapeControls } from '../dead-letters/terminal-text.ts';

/** A request to the console that it does not carry out; `status` is HTTP's. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly status: 400 | 403 | 404 | 409 | 413 | 503;
  readonly code: ConsoleCode;

  constructor(status: ConsoleError['status'], code: ConsoleCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The body of a refusal. */
export function refusal(
  code: ConsoleCode,
  message: string,
): {
  readonly error: { readonly code: ConsoleCode; readonly message: string };
} {
  return { error: { code, message } };
}

const MAX_REASON = 500;

/**
 * The words of an error, at most 500 characters of them; also of those that Node joins without words
 * of their own.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return escapeControls(String(error).slice(0, MAX_REASON));
  const code: unknown = Reflect.get(error, 'code');
  return escapeControls((error.message === '' ? String(code) : error.message).slice(0, MAX_REASON));
}
