import { RE2JS } from 're2js';

/** A pattern that matches anywhere in the name of a reply queue. */
export interface ReplyToPattern {
  /** Needs time linear in the length of the name, for every name. */
  test(name: string): boolean;
}

const MAX_PATTERN_LENGTH = 1_000;
/**
 * Instructions of the compiled expression, and so the maximum steps for each character of a name.
 */
const MAX_PROGRAM_SIZE = 1_000;

/**
 * Compiles a regular expression for names that strangers choose. It uses RE2, because JavaScript's
 * engine backtracks and one name can occupy it for ever. RE2 has no lookaround and no
 * backreferences.
 */
export function parseReplyToPattern(text: string): { pattern: ReplyToPattern } | { problem: string } {
  if (text.length > MAX_PATTERN_LENGTH) return { problem: `must be at most ${MAX_PATTERN_LENGTH} characters long` };
  const compiled = compile(text);
  if (compiled === undefined) return { problem: compileProblem(text) };
  if (compiled.programSize() > MAX_PROGRAM_SIZE) {
    return { problem: 'must be a simpler regular expression; its counted repetitions, multiplied, are too large' };
  }
  return { pattern: { test: (name) => compiled.test(name) } };
}

function compile(text: string): RE2JS | undefined {
  try {
    // Translates JavaScript's escapes, such as \u0041, to RE2's.
    return RE2JS.compile(RE2JS.translateRegExp(text));
  } catch {
    return undefined;
  }
}

function compileProblem(text: string): string {
  const unsupported = [
    ...(/\(\?<?[=!]/.test(text) ? ['lookaround'] : []),
    ...(/\\(?:[1-9]|k<)/.test(text) ? ['backreferences'] : []),
  ];
  const why = unsupported.length === 0 ? 'this one does not compile' : `it has no ${unsupported.join(' and no ')}`;
  return `must be a regular expression of RE2 (linear time); ${why}`;
}
