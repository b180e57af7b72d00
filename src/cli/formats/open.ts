import { extname } from 'node:path';

import { CommandError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import type { FileFormat } from '../options.ts';
import type { Mapping, RowReader } from './row.ts';
import { peeked } from './text.ts';

/** Enough to see what a file is. */
const START = 512;

const BY_ENDING: Readonly<Record<string, FileFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.vcf': 'vcf',
  '.vcard': 'vcf',
  '.xml': 'xml',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
};

/** How a file is to be read. */
export interface ReadOptions {
  /** Its name; the extension may identify the format. */
  readonly name: string;
  /** Detected from the name, or from the first characters, where absent. */
  readonly format?: FileFormat | undefined;
  readonly mapping: Mapping;
  readonly warn: (message: string) => void;
}

/** Opens a text for reading its contacts. */
export async function openReader(text: AsyncIterable<string>, options: ReadOptions): Promise<RowReader> {
  const { mapping, warn } = options;
  const { start, all } = await peeked(text, START);
  const format = options.format ?? BY_ENDING[extname(options.name).toLowerCase()] ?? formatOf(start);
  if (format === 'csv') return (await import('./csv.ts')).csvReader(all, mapping, warn);
  if (format === 'xml') return (await import('./xml.ts')).xmlReader(all, mapping);
  if (format === 'ndjson') return (await import('./ndjson.ts')).ndjsonReader(all, mapping);
  if (mapping.size > 0) throw new CommandError(EXIT_CODES.usage, '--map does not apply to vCards.');
  return (await import('./vcf.ts')).vcfReader(all);
}

function formatOf(start: string): FileFormat {
  if (/^\s*BEGIN:VCARD/i.test(start)) return 'vcf';
  if (/^\s*</.test(start)) return 'xml';
  return /^\s*\{/.test(start) ? 'ndjson' : 'csv';
}
