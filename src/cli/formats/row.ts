/** One contact of a file, before it is checked. */
export interface Row<Source = unknown> {
  /** From 1, in the order of the file. */
  readonly number: number;
  /** Where a person finds it, e.g. `line 7`. */
  readonly place: string;
  /** Names of the wire and their texts; empty optional ones are left out. */
  readonly fields: readonly (readonly [name: string, text: string])[];
  /** Why the row cannot be read at all. */
  readonly problem?: string;
  /** What the format needs to write it again. */
  readonly source: Source;
}

/** A file that is read, row by row. */
export interface RowReader<Source = unknown> {
  /** May be read once. Rejects where the rest of the file cannot be read. */
  rows(): AsyncIterable<Row<Source>>;
  /** What a file without rows lacks. */
  readonly nothing: string;
  /**
   * What a file of rejected rows starts and ends with. Call `head` after the first row.
   */
  readonly head: () => string;
  readonly tail: string;
  /** A row with the reason why it was rejected, as the same format has it. */
  rejected(source: Source, reason: string): string;
}

/**
 * Columns, members, elements of this name hold the reason in a file of rejected rows; they are
 * ignored when it is read.
 */
export const REASON = 'rejected_because';

/** What a file may name. */
export const FIELDS = ['client_id', 'first_name', 'last_name', 'email', 'phone', 'mobile_phone'] as const;
export type Field = (typeof FIELDS)[number];

/** Names in exported files or files of rejected rows that no new contact has. */
export const IGNORED: readonly string[] = ['contact_id', REASON];

/** The field for each name in the file. */
export type Mapping = ReadonlyMap<string, Field>;

export function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
