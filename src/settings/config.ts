import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';

import { parseReplyToPattern, type ReplyToPattern } from './reply-to-pattern.ts';
import { SettingFileError } from './setting-file.ts';
import { FORMAT_WORDS, formatChecks, splitUrls, type UrlChecks } from './formats.ts';

/** The settings of one worker: checked, complete and frozen. config/settings.schema.json says what each means. */
export interface Config {
  /** At least one; all of the same cluster. */
  readonly amqpUrls: readonly string[];
  readonly mongodbUrl: string;
  readonly requestQueue: string;
  readonly prefetch: number;
  readonly maxRequestBytes: number;
  readonly listMaxPerPage: number;
  readonly maxAttempts: number;
  readonly retentionSeconds: number;
  readonly drainTimeoutMs: number;
  /** 0 = never. */
  readonly exitWhenStuckMs: number;
  /** `undefined`: every reply queue but the worker's own. Matches anywhere in the name. */
  readonly replyToAllow: ReplyToPattern | undefined;
  /** 0 = no HTTP. */
  readonly httpPort: number;
  readonly logLevel: LogLevel;
}

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Names every problem of the settings, one a line. Its message never holds a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
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
 * Reads the settings from the environment (`NAME`, or `NAME_FILE` for a file that holds the value), fills in the
 * defaults and checks everything. An empty variable counts as not set; variables of other programs are ignored. `urls` are the checks of those
 * who will connect to the URLs.
 * @throws {ConfigError} with all problems at once.
 */
export function loadConfig(environment: Environment, readFile: ReadFile, urls: UrlChecks): Config {
  const schema = settingsSchema();
  const { values, problems } = collect(schema, environment, readFile);
  problems.push(...schemaProblems(schema, values, urls));
  if (problems.length > 0) throw new ConfigError(inOrder(schema, problems));
  return freeze(values);
}

/** The schema of all settings, in the order in which they are documented. */
export function settingsSchema(): SettingsSchema {
  // The same relative place from src/ and from dist/.
  const path = new URL('../../config/settings.schema.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as SettingsSchema;
}

function collect(
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
    const given = path === '' ? { text: direct } : contentOf(path, readFile);
    if ('problem' in given) problems.push(`${name}: the file that ${name}_FILE names ${given.problem}`);
    else if (given.text !== '') values[name] = setting.type === 'integer' ? decimal(given.text) : given.text;
  }
  return { values, problems };
}

/** The file's text without a byte order mark and its last line end, or why there is none. */
function contentOf(path: string, readFile: ReadFile): { text: string } | { problem: string } {
  try {
    const content = readFile(path);
    const text = (content.startsWith(BYTE_ORDER_MARK) ? content.slice(1) : content).replace(/\r?\n$/, '');
    return text === '' ? { problem: 'is empty' } : { text };
  } catch (error) {
    return { problem: error instanceof SettingFileError ? error.message : 'cannot be read' };
  }
}

/** In the order of the schema, whichever check found them. */
function inOrder(schema: SettingsSchema, problems: readonly string[]): string[] {
  const names = Object.keys(schema.properties);
  const rank = (problem: string): number => names.findIndex((name) => problem.startsWith(`${name}:`));
  return problems.toSorted((one, other) => rank(one) - rank(other));
}

/** Ajv's own coercion would also take 0x10, 1e3 and surrounding blanks; what is no plain decimal stays text and is refused. */
function decimal(text: string): string | number {
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

/** Fills in defaults (changing `values`) and says what is wrong with the rest. */
function schemaProblems(schema: SettingsSchema, values: Values, urls: UrlChecks): string[] {
  const ajv = new Ajv({ allErrors: true, useDefaults: true });
  const found = new Map<string, string>();
  for (const [format, problemOf] of formatChecks(urls)) {
    const validate = (value: string): boolean => {
      const problem = problemOf(value);
      if (problem !== undefined) found.set(format, problem);
      return problem === undefined;
    };
    ajv.addFormat(format, { type: 'string', validate });
  }
  const validate = ajv.compile<Values>(schema);
  if (validate(values)) return [];
  return (validate.errors ?? []).map((error) => describe(schema, found, error));
}

function describe(schema: SettingsSchema, found: ReadonlyMap<string, string>, error: ErrorObject): string {
  const name = error.instancePath.slice(1);
  const setting = schema.properties[name];
  if (setting === undefined) return `${name}: ${error.message ?? 'is not valid'}`;
  return `${name}: ${found.get(setting.format ?? '') ?? `must be ${allowed(setting)}`}`;
}

/** What a setting may be, in words; the text of the documentation and of the error messages. */
export function allowed(setting: SettingSchema): string {
  if (setting.type === 'integer') return `a whole number from ${setting.minimum} to ${setting.maximum}`;
  if (setting.enum !== undefined) return `one of ${setting.enum.join(', ')}`;
  return FORMAT_WORDS[setting.format ?? ''] ?? 'text';
}

/** Takes values that the schema has accepted: each is there and has its type. */
function freeze(values: Values): Config {
  const text = (name: string): string => String(values[name]);
  const number = (name: string): number => Number(values[name]);
  const allow = values['REPLY_TO_ALLOW'];
  const parsed = allow === undefined ? undefined : parseReplyToPattern(String(allow));
  return Object.freeze({
    amqpUrls: Object.freeze(splitUrls(text('AMQP_URL'))),
    mongodbUrl: text('MONGODB_URL'),
    requestQueue: text('REQUEST_QUEUE'),
    prefetch: number('PREFETCH'),
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
