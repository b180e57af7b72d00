import { parseReplyToPattern } from './reply-to-pattern.ts';

/** What is wrong with a URL, in words that hold no value; `undefined` where it can be used. */
export type UrlCheck = (url: string) => string | undefined;

/** The checks of URLs by those who connect to them, so that there is one reader of each. */
export interface UrlChecks {
  readonly amqpUrlProblem: UrlCheck;
  readonly mongodbUrlProblem: UrlCheck;
}

/** Says what is wrong with a value, without repeating it; `undefined` where nothing is. */
export type FormatCheck = (value: string) => string | undefined;

/** RabbitMQ's limit for a queue name (255 bytes) less the `.dead` of the dead-letter queue. */
const MAX_QUEUE_NAME_BYTES = 250;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** The kinds of text that the schema names as formats, in words. */
export const FORMAT_WORDS: Readonly<Record<string, string>> = {
  'amqp-urls': 'URLs amqp:// or amqps://, separated by commas',
  'mongodb-url': 'a URL mongodb:// or mongodb+srv:// with a path',
  'request-queue': `1 to ${MAX_QUEUE_NAME_BYTES} bytes, not starting with amq.`,
  'regular-expression': 'a regular expression of RE2',
};

/** The check of each format. */
export function formatChecks(urls: UrlChecks): ReadonlyMap<string, FormatCheck> {
  return new Map<string, FormatCheck>([
    ['amqp-urls', (list) => amqpUrlsProblem(list, urls.amqpUrlProblem)],
    ['mongodb-url', urls.mongodbUrlProblem],
    ['request-queue', requestQueueProblem],
    ['regular-expression', regularExpressionProblem],
  ]);
}

/** The entries of AMQP_URL. */
export function splitUrls(list: string): string[] {
  return list.split(',').map((url) => url.trim());
}

function amqpUrlsProblem(list: string, problemOf: UrlCheck): string | undefined {
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
  return name.startsWith('amq.') ? 'must not start with amq., which the broker keeps for itself' : undefined;
}

function regularExpressionProblem(text: string): string | undefined {
  const parsed = parseReplyToPattern(text);
  return 'problem' in parsed ? parsed.problem : undefined;
}
