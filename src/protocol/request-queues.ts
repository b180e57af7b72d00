/** Where requests wait: one queue, or several behind an exchange. */
export interface RequestQueues {
  /** REQUEST_QUEUE: the queue's name, or the exchange's where `count` is above 1. */
  readonly name: string;
  /** REQUEST_QUEUES: 1 … 64. */
  readonly count: number;
}

/** One of the queues that requests wait in. */
export interface RequestQueue {
  readonly queue: string;
  readonly deadLetterQueue: string;
  /** Whether the broker delivers to one consumer at a time, so that order holds across workers. */
  readonly isSingleActive: boolean;
}

export function deadLetterQueueOf(requestQueue: string): string {
  return `${requestQueue}.dead`;
}

/** The one queue of a worker whose REQUEST_QUEUES is 1. */
export function singleQueue(name: string): RequestQueue {
  return { queue: name, deadLetterQueue: deadLetterQueueOf(name), isSingleActive: false };
}

/** The name of one of several queues. */
export function numberedQueue(name: string, number: number): string {
  return `${name}.${number}`;
}

/** The exchange behind the one that producers use; it has the bindings of the queues. */
export function hashExchangeOf(name: string): string {
  return `${name}.hash`;
}

/** A queue without messages: each worker consumes it once, so that its consumers can be counted. */
export function rosterOf(name: string): string {
  return `${name}.workers`;
}

/** All queues, in their order. They share one dead-letter queue. */
export function requestQueuesOf({ name, count }: RequestQueues): readonly RequestQueue[] {
  if (count === 1) return [singleQueue(name)];
  const deadLetterQueue = deadLetterQueueOf(name);
  return Array.from({ length: count }, (_, number) => ({
    queue: numberedQueue(name, number),
    deadLetterQueue,
    isSingleActive: true,
  }));
}

/** The queues that must get no answers: a worker would consume them as requests, or unseen. */
export function ownQueuesOf(queues: RequestQueues): readonly string[] {
  const names = [...requestQueuesOf(queues).map(({ queue }) => queue), deadLetterQueueOf(queues.name)];
  return queues.count === 1 ? names : [...names, rosterOf(queues.name)];
}

/** Methods whose requests are about the contact that `contact_id` names. */
const ABOUT_ONE_CONTACT: ReadonlySet<string> = new Set(['contact.get', 'contact.update', 'contact.delete']);
/** The only spelling of a contact_id that a worker accepts. */
const CONTACT_ID = /^[1-9][0-9]{0,15}$/;

/**
 * The routing key of a request: its contact_id, so that requests about one contact wait in one
 * queue; otherwise its message_id, so that its repeats do.
 */
export function routingKeyOf(method: string, contactId: string | undefined, messageId: string | undefined): string {
  if (contactId !== undefined && ABOUT_ONE_CONTACT.has(method) && CONTACT_ID.test(contactId)) return contactId;
  return messageId ?? '';
}
