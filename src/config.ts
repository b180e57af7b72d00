import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';

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
  readonly replyToAllow: RegExp | undefined;
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

/** RabbitMQ's limit for a queue name (255 bytes) less the `.dead` of the dead-letter queue. */
const LONGEST_QUEUE_NAME_BYTES = 250;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** A kind of text that the schema names as a format: what it is in words, and what is wrong with a value (`undefined` = nothing). */
interface Format {
  readonly words: string;
  readonly problem: (value: string) => string | undefined;
}

const FORMATS: Readonly<Record<string, Format>> = {
  'amqp-urls': { words: 'URLs amqp:// or amqps://, separated by commas', problem: amqpUrlsProblem },
  'mongodb-url': { words: 'a URL mongodb:// or mongodb+srv:// with a path', problem: mongodbUrlProblem },
  'request-queue': {
    words: `1 to ${LONGEST_QUEUE_NAME_BYTES} bytes, not starting with amq.`,
    problem: requestQueueProblem,
  },
  'regular-expression': { words: 'a regular expression', problem: regularExpressionProblem },
};

/**
 * Reads the settings from the environment (`NAME`, or `NAME_FILE` for a file that holds the value), fills in the
 * defaults and checks everything. An empty variable counts as not set; variables of other programs are ignored.
 * @throws {ConfigError} with all problems at once.
 */
export function loadConfig(environment: Environment, readFile: (path: string) => string): Config {
  const schema = settingsSchema();
  const { values, problems } = collect(schema, environment, readFile);
  problems.push(...schemaProblems(schema, values));
  if (problems.length > 0) throw new ConfigError(inOrder(schema, problems));
  return freeze(values);
}

/** The schema of all settings, in the order in which they are documented. */
export function settingsSchema(): SettingsSchema {
  // The same relative place from src/ and from dist/.
  const path = new URL('../config/settings.schema.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as SettingsSchema;
}

function collect(
  schema: SettingsSchema,
  environment: Environment,
  readFile: (path: string) => string,
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
    const text = path === '' ? direct : contentOf(path, readFile);
    if (text === undefined) problems.push(`${name}: the file that ${name}_FILE names cannot be read`);
    else if (text !== '') values[name] = setting.type === 'integer' ? decimal(text) : text;
    else if (path !== '') problems.push(`${name}: the file that ${name}_FILE names is empty`);
  }
  return { values, problems };
}

/** The file's text without its last line end; `undefined` where it cannot be read. */
function contentOf(path: string, readFile: (path: string) => string): string | undefined {
  try {
    return readFile(path).replace(/\r?\n$/, '');
  } catch {
    return undefined;
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
function schemaProblems(schema: SettingsSchema, values: Values): string[] {
  const ajv = new Ajv({ allErrors: true, useDefaults: true });
  for (const [name, format] of Object.entries(FORMATS)) {
    ajv.addFormat(name, { type: 'string', validate: (value: string) => format.problem(value) === undefined });
  }
  const validate = ajv.compile<Values>(schema);
  if (validate(values)) return [];
  return (validate.errors ?? []).map((error) => describe(schema, values, error));
}

function describe(schema: SettingsSchema, values: Values, error: ErrorObject): string {
  const name = error.instancePath.slice(1);
  const setting = schema.properties[name];
  if (setting === undefined) return `${name}: ${error.message ?? 'is not valid'}`;
  const problem = FORMATS[setting.format ?? '']?.problem(String(values[name]));
  return `${name}: ${problem ?? `must be ${allowed(setting)}`}`;
}

/** What a setting may be, in words; the text of the documentation and of the error messages. */
export function allowed(setting: SettingSchema): string {
  if (setting.type === 'integer') return `a whole number from ${setting.minimum} to ${setting.maximum}`;
  if (setting.enum !== undefined) return `one of ${setting.enum.join(', ')}`;
  return FORMATS[setting.format ?? '']?.words ?? 'text';
}

function amqpUrlsProblem(list: string): string | undefined {
  const urls = splitUrls(list);
  const wrong = urls.findIndex((url) => !isUrl(url, ['amqp:', 'amqps:']));
  if (wrong === -1) return undefined;
  const which = urls.length === 1 ? '' : `; entry ${wrong + 1} of ${urls.length} is not`;
  return `must be one or more URLs amqp://… or amqps://…, separated by commas${which}`;
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '';
}

function splitUrls(list: string): string[] {
  return list.split(',').map((url) => url.trim());
}

function mongodbUrlProblem(value: string): string | undefined {
  // Not `new URL`: a replica set's host list is none.
  const parts = /^mongodb(?:\+srv)?:\/\/(?:[^@/]*@)?[^/?#@\s]+(?:\/(?<database>[^?#]*))?(?:\?[^#\s]*)?$/.exec(value);
  if (parts === null) return 'must be a URL mongodb://HOST:PORT/DATABASE or mongodb+srv://HOST/DATABASE';
  const database = parts.groups?.['database'] ?? '';
  if (database === '') return 'names no database; put one behind the host, as in mongodb://HOST:PORT/contacts';
  // MongoDB's own rules for a database name, at their strictest (those of Windows servers).
  if (!/^[^/\\. "$*<>:|?%\p{Cc}]+$/u.test(database) || Buffer.byteLength(database) > 63) {
    return 'names a database that cannot be: at most 63 bytes, none of / \\ . " $ * < > : | ? % and no blank';
  }
  return undefined;
}

function requestQueueProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > LONGEST_QUEUE_NAME_BYTES || CONTROL_CHARACTER.test(name)) {
    return `must be a queue name of 1 to ${LONGEST_QUEUE_NAME_BYTES} bytes, without control characters`;
  }
  return name.startsWith('amq.') ? 'must not start with amq., which the broker keeps for itself' : undefined;
}

function regularExpressionProblem(pattern: string): string | undefined {
  try {
    new RegExp(pattern);
    return undefined;
  } catch {
    return 'must be a regular expression; this one does not compile';
  }
}

/** Takes values that the schema has accepted: each is there and has its type. */
function freeze(values: Values): Config {
  const text = (name: string): string => String(values[name]);
  const number = (name: string): number => Number(values[name]);
  const allow = values['REPLY_TO_ALLOW'];
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
    replyToAllow: allow === undefined ? undefined : new RegExp(String(allow)),
    httpPort: number('HTTP_PORT'),
    logLevel: text('LOG_LEVEL') as LogLevel,
  });
}
