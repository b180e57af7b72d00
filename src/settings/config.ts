import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';

import { parseReplyToPattern, type ReplyToPattern } from './reply-to-pattern.ts';
import { FileError } from '../files/bounded-file.ts';
import type { TlsFiles } from '../files/tls-files.ts';
import { readSettingFile } from './setting-file.ts';
import { FORMAT_DESCRIPTIONS, formatValidators, splitUrls, type UrlValidators } from './formats.ts';
import { tlsFilesOf, tlsProblems } from './tls.ts';

/**
 * The settings of one worker: validated, complete and frozen. config/settings.schema.json documents
 * each.
 */
export interface Config {
  /** At least one URL; all of the same cluster. */
  readonly amqpUrls: readonly string[];
  /** `undefined`: Node's authorities, and no certificate. */
  readonly amqpTls: TlsFiles | undefined;
  readonly mongodbUrl: string;
  readonly mongodbTls: TlsFiles | undefined;
  /** Whether claims replace the unique index of creates. */
  readonly mongodbSharded: boolean;
  readonly requestQueue: string;
  /** How many queues there are; 1 … 64, at most `prefetch`. */
  readonly requestQueues: number;
  readonly prefetch: number;
  readonly consumerPriority: 'equal' | 'ranked';
  readonly maxRequestBytes: number;
  readonly listMaxPerPage: number;
  readonly maxAttempts: number;
  readonly retentionSeconds: number;
  readonly drainTimeoutMs: number;
  /** 0 = never. */
  readonly exitWhenStuckMs: number;
  /**
   * Matches anywhere in the name. `undefined`: allows every reply queue except the worker's own.
   */
  readonly replyToAllow: ReplyToPattern | undefined;
  /** 0 = no HTTP. */
  readonly httpPort: number;
  readonly logLevel: LogLevel;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Lists every problem of the settings, one per line. The message never holds a value. */
export class InvalidSettingsError extends Error {
  override readonly name = 'InvalidSettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The settings are not usable:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

/** One setting, as config/settings.schema.json describes it. */
export interface SettingSchema {
  readonly type: 'string' | 'integer';
  readonly description: string;
  readonly default?: string | number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly format?: string;
}

interface SettingsSchema {
  readonly properties: Readonly<Record<string, SettingSchema>>;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Values = Record<string, string | number>;
type ReadFile = (path: string) => string;

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads the settings from the environment (`NAME`, or `NAME_FILE` for a file that holds the value),
 * adds the defaults and validates everything. An empty variable counts as not set; variables of
 * other programs are ignored.
 * @throws {InvalidSettingsError} with all problems at once.
 */
export function loadConfig(environment: Environment, readFile: ReadFile, urls: UrlValidators): Config {
  const schema = settingsSchema();
  const { values, problems } = readValues(schema, environment, readFile);
  problems.push(...addDefaultsAndValidate(schema, values, urls));
  problems.push(...prefetchProblems(values), ...nameProblems(values));
  problems.push(...tlsProblems(values, problems, urls));
  if (problems.length > 0) throw new InvalidSettingsError(sortBySchema(schema, problems));
  return frozenConfig(values);
}

/**
 * As `loadConfig`, for a program: passes the message about invalid settings to `report` and returns
 * `undefined`.
 */
export function loadConfigOrReport(
  environment: Environment,
  urls: UrlValidators,
  report: (message: string) => void,
): Config | undefined {
  try {
    return loadConfig(environment, readSettingFile, urls);
  } catch (error) {
    if (!(error instanceof InvalidSettingsError)) throw error;
    report(error.message);
    return undefined;
  }
}

/** Returns the schema of all settings, in the order of the documentation. */
export function settingsSchema(): SettingsSchema {
  // The relative path is the same from src/, from dist/ and from dist/bundle/.
  const path = new URL('../../config/settings.schema.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as SettingsSchema;
}

function readValues(
  schema: SettingsSchema,
  environment: Environment,
  readFile: ReadFile,
): { values: Values; problems: string[] } {
  const values: Values = {};
  const problems: string[] = [];
  for (const [name, setting] of Object.entries(schema.properties)) {
    const direct = environment[name] ?? '';
    const path = environment[`${name}_FILE`] ?? '';
    if (direct !== '' && path !== '') {
      problems.push(`${name}: both ${name} and ${name}_FILE are set; set one of them`);
      continue;
    }
    const given = path === '' ? { text: direct } : readValueFile(path, readFile);
    if ('problem' in given) problems.push(`${name}: the file that ${name}_FILE names ${given.problem}`);
    else if (given.text !== '') values[name] = setting.type === 'integer' ? parseDecimal(given.text) : given.text;
  }
  return { values, problems };
}

/**
 * Returns the file's text without byte order mark and last line end, or what is wrong with the
 * file.
 */
function readValueFile(path: string, readFile: ReadFile): { text: string } | { problem: string } {
  try {
    const content = readFile(path);
    const text = (content.startsWith(BYTE_ORDER_MARK) ? content.slice(1) : content).replace(/\r?\n$/, '');
    return text === '' ? { problem: 'is empty' } : { text };
  } catch (error) {
    return { problem: error instanceof FileError ? error.message : 'cannot be read' };
  }
}

function sortBySchema(schema: SettingsSchema, problems: readonly string[]): string[] {
  const names = Object.keys(schema.properties);
  const rank = (problem: string): number => names.findIndex((name) => problem.startsWith(`${name}:`));
  return problems.toSorted((one, other) => rank(one) - rank(other));
}

/**
 * Returns the number, or the text where it is not plain decimal digits; the schema then rejects it.
 * Ajv's own coercion also accepts 0x10, 1e3 and surrounding blanks.
 */
function parseDecimal(text: string): string | number {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Adds the defaults to `values` and returns the problems. */
function addDefaultsAndValidate(schema: SettingsSchema, values: Values, urls: UrlValidators): string[] {
  const ajv = new Ajv({ allErrors: true, useDefaults: true });
  const problemByFormat = new Map<string, string>();
  for (const [format, problemOf] of formatValidators(urls)) {
    const validate = (value: string): boolean => {
      const problem = problemOf(value);
      if (problem !== undefined) problemByFormat.set(format, problem);
      return problem === undefined;
    };
    ajv.addFormat(format, { type: 'string', validate });
  }
  const validate = ajv.compile<Values>(schema);
  if (validate(values)) return [];
  return (validate.errors ?? []).map((error) => describeError(schema, problemByFormat, error));
}

function describeError(
  schema: SettingsSchema,
  problemByFormat: ReadonlyMap<string, string>,
  error: ErrorObject,
): string {
  const name = error.instancePath.slice(1);
  const setting = schema.properties[name];
  if (setting === undefined) return `${name}: ${error.message ?? 'is not valid'}`;
  return `${name}: ${problemByFormat.get(setting.format ?? '') ?? `must be ${allowedValues(setting)}`}`;
}

/** Describes the allowed values, for the documentation and the error messages. */
export function allowedValues(setting: SettingSchema): string {
  if (setting.type === 'integer') return `a whole number from ${setting.minimum} to ${setting.maximum}`;
  if (setting.enum !== undefined) return `one of ${setting.enum.join(', ')}`;
  return FORMAT_DESCRIPTIONS[setting.format ?? ''] ?? 'text';
}

/** PREFETCH is shared by the queues. */
function prefetchProblems({ PREFETCH: prefetch, REQUEST_QUEUES: queues }: Values): string[] {
  const isShort = typeof prefetch === 'number' && typeof queues === 'number' && prefetch < queues;
  // A prefetch of 0 is reported already.
  return isShort && prefetch > 0 ? ['PREFETCH: must be at least REQUEST_QUEUES, as each queue needs one'] : [];
}

/** The longest name of several queues is `REQUEST_QUEUE.workers`; a broker takes 255 bytes. */
const MAX_NAME_BYTES_OF_SEVERAL = 247;

function nameProblems({ REQUEST_QUEUE: name, REQUEST_QUEUES: queues }: Values): string[] {
  if (queues === 1 || Buffer.byteLength(String(name)) <= MAX_NAME_BYTES_OF_SEVERAL) return [];
  return [`REQUEST_QUEUE: must have at most ${MAX_NAME_BYTES_OF_SEVERAL} bytes where REQUEST_QUEUES is above 1`];
}

/** Expects values that the schema has accepted: each is present and has its type. */
function frozenConfig(values: Values): Config {
  const text = (name: string): string => String(values[name]);
  const number = (name: string): number => Number(values[name]);
  const allow = values['REPLY_TO_ALLOW'];
  const parsed = allow === undefined ? undefined : parseReplyToPattern(String(allow));
  return Object.freeze({
    amqpUrls: Object.freeze(splitUrls(text('AMQP_URL'))),
    amqpTls: tlsFilesOf(values, 'AMQP'),
    mongodbUrl: text('MONGODB_URL'),
    mongodbTls: tlsFilesOf(values, 'MONGODB'),
    mongodbSharded: text('MONGODB_SHARDED') === 'true',
    requestQueue: text('REQUEST_QUEUE'),
    requestQueues: number('REQUEST_QUEUES'),
    prefetch: number('PREFETCH'),
    consumerPriority: text('CONSUMER_PRIORITY') as Config['consumerPriority'],
    maxRequestBytes: number('MAX_REQUEST_BYTES'),
    listMaxPerPage: number('LIST_MAX_PER_PAGE'),
    maxAttempts: number('MAX_ATTEMPTS'),
    retentionSeconds: number('RETENTION_SECONDS'),
    drainTimeoutMs: number('DRAIN_TIMEOUT_MS'),
    exitWhenStuckMs: number('WORKER_EXIT_WHEN_STUCK_MS'),
    replyToAllow: parsed !== undefined && 'pattern' in parsed ? parsed.pattern : undefined,
    httpPort: number('HTTP_PORT'),
    logLevel: text('LOG_LEVEL') as LogLevel,
  });
}
