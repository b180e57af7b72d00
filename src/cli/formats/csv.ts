import { CsvError, parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

import { CommandError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { FIELDS, IGNORED, isField, REASON, type Field, type Mapping, type Row, type RowReader } from './row.ts';
import { peeked, UnreadableFileError } from './text.ts';

const DELIMITERS = [',', ';', '\t', '|'];
/** Files that were edited on several systems mix them; the library else knows only the first one. */
const LINE_ENDS = ['\r\n', '\n', '\r'];
const START = 65_536;
/** An open quote would else read the rest of the file as one value. */
const MAX_RECORD = 1_048_576;

/**
 * How spreadsheets and address books name the fields, without regard to case, blanks, `_` and `-`.
 */
const OTHER_NAMES: Readonly<Record<string, Field>> = {
  client: 'client_id',
  givenname: 'first_name',
  forename: 'first_name',
  surname: 'last_name',
  familyname: 'last_name',
  emailaddress: 'email',
  mail: 'email',
  phonenumber: 'phone',
  telephone: 'phone',
  mobile: 'mobile_phone',
  mobilenumber: 'mobile_phone',
  cellphone: 'mobile_phone',
  cell: 'mobile_phone',
};

/** Reads records under a line of column names. Calls `warn` with the columns that it ignores. */
export async function csvReader(
  text: AsyncIterable<string>,
  mapping: Mapping,
  warn: (message: string) => void,
): Promise<RowReader<readonly string[]>> {
  const { start, all } = await peeked(text, START);
  const delimiter = delimiterOf(start);
  let header: readonly string[] = [];
  return {
    async *rows() {
      let columns: readonly (Field | undefined)[] | undefined;
      let number = 0;
      for await (const { record, line } of records(all, delimiter)) {
        if (columns === undefined) {
          header = record;
          columns = columnsOf(record, mapping, warn);
          continue;
        }
        number += 1;
        yield { number, place: `line ${line}`, ...fieldsOf(record, columns), source: record };
      }
    },
    nothing: 'it has no row under its column names',
    head: () => csvLine([...header.filter((name) => name !== REASON), REASON], delimiter),
    tail: '',
    rejected: (record, reason) => {
      const cells = header.flatMap((name, i) => (name === REASON ? [] : [record[i] ?? '']));
      return csvLine([...cells, ...record.slice(header.length), reason], delimiter);
    },
  };
}

/** One record with its line end. */
export function csvLine(cells: readonly string[], delimiter: string): string {
  return stringify([[...cells]], { delimiter, quoted_match: /[\r\n]/ });
}

/** A cell that begins like this is a formula to a spreadsheet, apostrophes in front aside. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/;
/** Numbers, also of telephones: a spreadsheet may calculate with them, but they call nothing. */
const NUMBER = /^[+-][\d\s()./-]*$/;

/** Returns the text with an apostrophe in front where a spreadsheet would execute it. */
export function withoutFormula(text: string): string {
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

/** Removes the apostrophe that `withoutFormula` puts in front. */
export function withFormula(text: string): string {
  const inner = text.slice(1);
  return text.startsWith("'") && withoutFormula(inner) === text ? inner : text;
}

/** The delimiter that makes most columns of the first line. */
function delimiterOf(start: string): string {
  const counts = DELIMITERS.map((delimiter) => {
    try {
      const [first] = parseNow(start, {
        delimiter,
        record_delimiter: LINE_ENDS,
        to: 1,
        relax_quotes: true,
        relax_column_count: true,
      });
      return first?.length ?? 0;
    } catch {
      return 0;
    }
  });
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

interface CsvRecord {
  readonly record: readonly string[];
  /** Where it ends. */
  readonly line: number;
}

/** All records before the place that cannot be read, and then throws. */
async function* records(text: AsyncIterable<string>, delimiter: string): AsyncGenerator<CsvRecord> {
  let found: CsvRecord[] = [];
  const parser = parse({
    delimiter,
    record_delimiter: LINE_ENDS,
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: MAX_RECORD,
    // As a stream the parser drops the records that wait to be read when it fails.
    on_record: (record: readonly string[], { lines }) => {
      found.push({ record, line: lines });
      return null;
    },
  }).on('error', () => undefined);
  const step = async (write: (done: (error?: Error | null) => void) => void): Promise<Error | undefined> => {
    const failure = await new Promise<Error | null | undefined>((resolve) => write(resolve));
    return failure instanceof CsvError ? unreadable(failure) : (failure ?? undefined);
  };
  const taken = (): readonly CsvRecord[] => {
    const all = found;
    found = [];
    return all;
  };
  for await (const part of text) {
    const failure = await step((done) => parser.write(part, done));
    yield* taken();
    if (failure !== undefined) throw failure;
  }
  const failure = await step((done) => parser.end(done));
  yield* taken();
  if (failure !== undefined) throw failure;
}

function unreadable(error: CsvError): UnreadableFileError {
  return new UnreadableFileError(`line ${String(Reflect.get(error, 'lines'))}: ${wordsOf(error)}`);
}

/** Without the text, which may be anything. */
function wordsOf({ code }: CsvError): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'a quote is not closed';
  if (code === 'CSV_MAX_RECORD_SIZE') return `a record is longer than ${MAX_RECORD} bytes; is a quote not closed?`;
  return 'a quote where none belongs; values with quotes are quoted, and their quotes doubled';
}

/**
 * @throws {CommandError} where a mapping names no column, two columns are one field, or no column
 * is known.
 */
function columnsOf(
  header: readonly string[],
  mapping: Mapping,
  warn: (message: string) => void,
): readonly (Field | undefined)[] {
  const absent = [...mapping.keys()].find((name) => !header.includes(name));
  if (absent !== undefined) throw new CommandError(EXIT_CODES.usage, `There is no column ${JSON.stringify(absent)}.`);
  const mapped = new Set(mapping.values());
  const columns = header.map((name) => {
    const given = mapping.get(name);
    if (given !== undefined) return given;
    const known = fieldNamed(name);
    return known === undefined || mapped.has(known) ? undefined : known;
  });
  for (const field of FIELDS) {
    if (columns.indexOf(field) === columns.lastIndexOf(field)) continue;
    throw new CommandError(EXIT_CODES.usage, `Two columns are ${field}; choose one with --map COLUMN=${field}.`);
  }
  if (columns.every((column) => column === undefined)) {
    const names = header.map((name) => JSON.stringify(name)).join(', ');
    throw new CommandError(EXIT_CODES.usage, `No column is known: ${names}. Name them with --map COLUMN=FIELD.`);
  }
  const unread = header.filter((name, i) => columns[i] === undefined && !IGNORED.includes(name) && name !== '');
  if (unread.length > 0) warn(`Columns that are not read: ${unread.map((name) => JSON.stringify(name)).join(', ')}.`);
  return columns;
}

function fieldNamed(name: string): Field | undefined {
  const plain = name.toLowerCase().replace(/[\s_-]/g, '');
  return FIELDS.find((field) => isField(field) && field.replace('_', '') === plain) ?? OTHER_NAMES[plain];
}

function fieldsOf(record: readonly string[], columns: readonly (Field | undefined)[]): Pick<Row, 'fields' | 'problem'> {
  const fields = columns.flatMap((column, i) => {
    const text = record[i];
    return column === undefined || text === undefined ? [] : [[column, withFormula(text)] as const];
  });
  if (record.length <= columns.length) return { fields };
  return { fields, problem: `has ${record.length} values for ${columns.length} columns` };
}
