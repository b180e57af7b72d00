import { parseReplyToPattern } from './reply-to-pattern.ts';

/** Returns what is wrong with a value, without repeating it; `undefined` where it is valid. */
export type Validator = (value: string) => string | undefined;

/** The validators of the modules that connect to the URLs, so that each URL has one parser. */
export interface UrlValidators {
  readonly amqpUrlProblem: Validator;
  /** Whether the client's certificate is the login at a broker of this valid URL. */
  readonly amqpNeedsCertificate: (url: string) => boolean;
  readonly mongodbUrlProblem: Validator;
  /** What makes the settings MONGODB_TLS_… unusable with this valid URL. */
  readonly mongodbTlsProblem: Validator;
  /** Whether this valid URL makes the certificate the login, and names no file with it. */
  readonly mongodbNeedsCertificate: (url: string) => boolean;
}

/** RabbitMQ's limit for a queue name (255 bytes) minus the `.dead` of the dead-letter queue. */
const MAX_QUEUE_NAME_BYTES = 250;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** Describes each format of the schema. */
export const FORMAT_DESCRIPTIONS: Readonly<Record<string, string>> = {
  'amqp-urls': 'URLs amqp:// or amqps://, separated by commas',
  'mongodb-url': 'a URL mongodb:// or mongodb+srv:// with a path',
  'pem-file': 'the path of a PEM file',
  'request-queue': `1 to ${MAX_QUEUE_NAME_BYTES} bytes, not starting with amq.`,
  'regular-expression': 'a regular expression of RE2',
};

/** Returns the validator of each format. */
export function formatValidators(urls: UrlValidators): ReadonlyMap<string, Validator> {
  return new Map<string, Validator>([
    ['amqp-urls', (list) => amqpUrlsProblem(list, urls.amqpUrlProblem)],
    ['mongodb-url', urls.mongodbUrlProblem],
    // tls.ts reads the files, once the URLs are known to be valid.
    ['pem-file', () => undefined],
    ['request-queue', requestQueueProblem],
    ['regular-expression', regularExpressionProblem],
  ]);
}

/** Returns the entries of AMQP_URL. */
export function splitUrls(list: string): string[] {
  return list.split(',').map((url) => url.trim());
}

function amqpUrlsProblem(list: string, problemOf: Validator): string | undefined {
  const urls = splitUrls(list);
  const problems = urls.flatMap((url, index) => {
    const problem = problemOf(url);
    if (problem === undefined) return [];
    return [urls.length === 1 ? problem : `entry ${index + 1} of ${urls.length} ${problem}`];
  });
  return problems.length === 0 ? undefined : problems.join('; ');
}

function requestQueueProblem(name: string): string | undefined {
  if (Buffer.byteLength(name) > MAX_QUEUE_NAME_BYTES || CONTROL_CHARACTER.test(name)) {
    return `must be a queue name of 1 to ${MAX_QUEUE_NAME_BYTES} bytes, without control characters`;
  }
  if (name.trim() !== name) return 'must not begin or end with a blank';
  return name.startsWith('amq.') ? 'must not start with amq., which the broker reserves' : undefined;
}

function regularExpressionProblem(text: string): string | undefined {
  const parsed = parseReplyToPattern(text);
  return 'problem' in parsed ? parsed.problem : undefined;
}
