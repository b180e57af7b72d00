/** Reports a variable whose value cannot be used, and why. The value itself may be a secret. */
export type OnProblem = (variable: string, problem: string) => void;

type Environment = Readonly<Record<string, string | undefined>>;

/** The longest that a timer of Node waits. */
const MAX_MS = 2 ** 31 - 1;

/**
 * Reads the standard variables by their kinds, as OpenTelemetry's specification says: an empty one
 * is not set, and one that cannot be used is reported and counts as not set.
 */
export class Variables {
  readonly #environment: Environment;
  readonly #onProblem: OnProblem;

  constructor(environment: Environment, onProblem: OnProblem) {
    this.#environment = environment;
    this.#onProblem = onProblem;
  }

  report(name: string, problem: string): undefined {
    this.#onProblem(name, problem);
  }

  text(name: string): string | undefined {
    const text = this.#environment[name]?.trim();
    return text === '' ? undefined : text;
  }

  /** What is neither `true` nor `false` is reported, and false. */
  flag(name: string): boolean {
    const text = this.text(name)?.toLowerCase();
    if (text !== undefined && text !== 'true' && text !== 'false') this.report(name, 'it is neither true nor false');
    return text === 'true';
  }

  /** A whole number from 1 to `most`. */
  count(name: string, most: number = MAX_MS): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
    if (number >= 1 && number <= most) return number;
    return this.report(name, `it is no whole number from 1 to ${most}`);
  }

  /** A number from 0 to 1. */
  ratio(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : NaN;
    return number >= 0 && number <= 1 ? number : this.report(name, 'it is no number from 0 to 1');
  }

  /** An address `http://…` or `https://…`. */
  url(name: string): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    // `localhost:4318` is a URL, too: its scheme is `localhost`.
    if (URL.canParse(text) && /^https?:\/\//i.test(text)) return text;
    return this.report(name, 'it is no URL that begins with http:// or https://');
  }

  /** Names, separated by commas. `undefined`: not set, or nothing of it is in `known`. */
  names(name: string, known: readonly string[]): readonly string[] | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const listed = text.split(',').map((each) => each.trim());
    const found = listed.filter((each) => known.includes(each));
    if (found.length < listed.length) this.report(name, `it has a value that is none of ${known.join(', ')}`);
    return found.length === 0 ? undefined : found;
  }

  /** Reports pairs `key=value` that are none, separated by commas, the values percent-encoded. */
  checkPairs(name: string, isKey: RegExp): void {
    const members = (this.text(name) ?? '').split(',').filter((member) => member.trim() !== '');
    if (!members.every((member) => isPair(member, isKey))) this.report(name, 'it is no list of KEY=VALUE');
  }
}

function isPair(member: string, isKey: RegExp): boolean {
  const at = member.indexOf('=');
  if (at < 1) return false;
  try {
    // Control characters would end up in a header.
    return isKey.test(member.slice(0, at).trim()) && !/\p{Cc}/u.test(decodeURIComponent(member.slice(at + 1)));
  } catch {
    return false;
  }
}
