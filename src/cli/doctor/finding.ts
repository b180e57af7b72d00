/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly words: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export function ok(check: string, words: string): Finding {
  return { check, state: 'ok', words };
}

export function failed(check: string, words: string, remedy: string): Finding {
  return { check, state: 'failed', words, remedy };
}

/** What could not be checked, and why. */
export function skipped(check: string, words: string): Finding {
  return { check, state: 'skipped', words };
}
