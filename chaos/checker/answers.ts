import type { Content } from './content.ts';
import type { Answer, Ledger, Request } from './ledger.ts';
import { needsAnswer } from '../journal.ts';
import type { ExaminationOptions, Findings } from './verdict.ts';

/** Codes of a caller's fault. */
const FAULT_CODES: ReadonlySet<string> = new Set([
  'MALFORMED_XML',
  'UNSUPPORTED_ENCODING',
  'REQUEST_TOO_LARGE',
  'INVALID_REQUEST',
  'UNKNOWN_METHOD',
  'INVALID_PARAMS',
]);

/**
 * What an answer reports about the request's effect on its contact; `unknown` where the request
 * cannot have that answer.
 */
export type Outcome = 'ok' | 'not-found' | 'unknown';

const OUTCOMES: Readonly<Record<Request['method'], (content: Content) => Outcome>> = {
  'contact.create': ({ kind }) => (kind === 'created' ? 'ok' : 'unknown'),
  'contact.update': (content) => (content.kind === 'nothing' ? 'ok' : notFoundOr(content)),
  'contact.delete': (content) => (content.kind === 'nothing' ? 'ok' : notFoundOr(content)),
  'contact.get': (content) =>
    content.kind === 'contacts' && content.contacts.length === 1 ? 'ok' : notFoundOr(content),
  'contact.list': ({ kind }) => (kind === 'contacts' || kind === 'nothing' ? 'ok' : 'unknown'),
  poison: () => 'unknown',
  invalid: () => 'unknown',
  late: () => 'unknown',
  unreadable: () => 'unknown',
  unanswerable: () => 'unknown',
};

function notFoundOr(content: Content): Outcome {
  return failedWith(content, 'NOT_FOUND') ? 'not-found' : 'unknown';
}

/**
 * Returns the outcome for the contact that an answer reports; `unknown` where there is no answer.
 */
export function outcomeOf({ method }: Request, answer: Answer | undefined): Outcome {
  return answer === undefined ? 'unknown' : OUTCOMES[method](answer.content);
}

export function isRead({ method }: Request): boolean {
  return method === 'contact.get' || method === 'contact.list';
}

/**
 * Checks that every confirmed request is answered, with one value, and with a value that it may
 * have.
 */
export function examineAnswers({ requests }: Ledger, options: ExaminationOptions, findings: Findings): void {
  for (const request of requests.values()) {
    const { id, method, answers } = request;
    if (answers.length === 0 && request.firstConfirmed !== undefined && needsAnswer(method)) {
      findings.add('no-answer-lost', `${method} was confirmed and never answered`, { id });
    }
    if (answers.length > 1 && !(isRead(request) && options.readsMayDiffer === true)) {
      findings.add('one-answer', `${method} has ${answers.length} different answers`, { id });
    }
    for (const answer of answers) {
      if (!fits(request, answer)) findings.add('fitting-answer', `${method} was answered ${describe(answer)}`, { id });
    }
  }
}

/** Which answers a request without an effect may have. */
const WITHOUT_EFFECT: Partial<Record<Request['method'], (content: Content) => boolean>> = {
  poison: (content) => failedWith(content, 'INTERNAL_ERROR'),
  late: (content) => failedWith(content, 'EXPIRED'),
  invalid: (content) => content.kind === 'failed' && content.codes.every((code) => FAULT_CODES.has(code)),
  unreadable: ({ kind }) => kind === 'failed',
  unanswerable: () => true,
};

function failedWith(content: Content, code: string): boolean {
  return content.kind === 'failed' && String(content.codes) === code;
}

function fits(request: Request, answer: Answer): boolean {
  const { content } = answer;
  const rule = WITHOUT_EFFECT[request.method];
  if (rule !== undefined) return rule(content);
  if (outcomeOf(request, answer) === 'unknown') return false;
  // A get of one contact is not answered by another contact.
  if (request.method !== 'contact.get' || content.kind !== 'contacts') return true;
  return content.contacts[0]?.contact === request.target;
}

function describe({ content }: Answer): string {
  return content.kind === 'failed' ? content.codes.join(' ') : content.kind;
}
