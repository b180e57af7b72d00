import { escapeControls } from '../dead-letters/terminal-text.ts';

/** Who did something. */
export interface Actor {
  /** The name given at sign-in; not proven. */
  readonly operator: string;
  /** The client's address, or the proxy's. */
  readonly address: string;
}

/** What is recorded. */
export type AuditEvent =
  | 'signed-in'
  | 'sign-in-refused'
  | 'signed-out'
  | 'personal-data-shown'
  | 'contents-searched'
  | 'previewed'
  | 'confirmed'
  | 'stopped'
  | 'ended'
  | 'document-sent';

/** One line of the audit log. */
export interface AuditEntry extends Actor {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly event: AuditEvent;
  readonly [detail: string]: string | number | boolean | undefined;
}

const KEPT = 200;
const MAX_TEXT = 255;

/** Writes what people did, one JSON line each, and keeps the latest for the page. */
export class AuditLog {
  readonly #write: (line: string) => void;
  readonly #latest: AuditEntry[] = [];

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  record(
    event: AuditEvent,
    { operator, address }: Actor,
    details: Readonly<Record<string, string | number>> = {},
  ): void {
    const kept: Record<string, string | number> = {};
    for (const [name, value] of Object.entries(details)) kept[name] = typeof value === 'string' ? short(value) : value;
    const time = new Date().toISOString();
    const entry: AuditEntry = { time, event, operator: short(operator), address, ...kept };
    this.#write(JSON.stringify(entry));
    this.#latest.push(entry);
    if (this.#latest.length > KEPT) this.#latest.shift();
  }

  /** The latest first. */
  get latest(): readonly AuditEntry[] {
    return this.#latest.toReversed();
  }
}

function short(text: string): string {
  return escapeControls(text.slice(0, MAX_TEXT));
}
