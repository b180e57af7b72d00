import { randomBytes, randomUUID } from 'node:crypto';

import type { ConfirmChannel } from 'amqplib';

import { SupervisedChannel } from '../amqp/connection/supervised-channel.ts';
import type { AnswerReader } from './answers.ts';
import { Call, type CallRequest } from './call.ts';
import { Calls } from './calls.ts';
import { ClosedError, ConnectionError, ContactsError } from './errors.ts';
import { deadlineOf, shortText, timeLimit, type CallOptions, type ClientSettings } from './options.ts';
import { RequestChannel } from './request-channel.ts';
import type { RequestDocument } from './requests.ts';

/** Milliseconds for one call to the broker. */
const BROKER_TIMEOUT_MS = 5_000;
/**
 * Seconds; a silent broker is noticed within three of them, before the default `timeoutMs` has
 * passed.
 */
const HEARTBEAT_S = 5;

/** Figures of a client, for its program's metrics. */
export interface ClientStats {
  /** Whether a request would be sent at once. */
  readonly connected: boolean;
  /** Requests without an answer. */
  readonly inFlight: number;
  /** Calls that wait for room. */
  readonly waiting: number;
  /** Connections and channels lost, and tries to replace them that failed. */
  readonly losses: number;
  /** Requests sent once more, after a loss or a refusal. */
  readonly retried: number;
  /** Answers that nobody waited for. */
  readonly ignoredAnswers: number;
}

/** Sends requests and waits for their answers, whatever happens to the connection meanwhile. */
export class Requester {
  readonly #settings: ClientSettings;
  readonly #channel: RequestChannel;
  readonly #link: SupervisedChannel<ConfirmChannel>;
  readonly #calls: Calls;
  /** The promises that callers have. */
  readonly #promises = new WeakMap<Call, Promise<unknown>>();
  readonly #instance = randomBytes(9).toString('base64url');
  #order = 0;
  #losses = 0;
  /** Why there is no channel now. */
  #lossReason: string | undefined;
  #connectionLost: (reason: string, failures: number) => void = () => undefined;
  #closing: Promise<void> | undefined;

  /** Begins to connect. */
  constructor(settings: ClientSettings) {
    this.#settings = settings;
    this.#calls = new Calls(settings, (call) => this.#channel.send(call));
    this.#channel = new RequestChannel(settings, {
      inFlight: this.#calls.inFlight,
      rebuild: (reason) => this.#link.rebuild(reason),
    });
    const { urls, tls, appId = '' } = settings;
    const connection = { urls, tls, timeoutMs: BROKER_TIMEOUT_MS, heartbeatS: HEARTBEAT_S };
    this.#link = new SupervisedChannel(`client ${appId}`.trim(), connection, this.#channel, {
      lost: (_, reason, failures) => {
        this.#losses += 1;
        this.#lossReason = reason;
        this.#connectionLost(reason, failures);
      },
      restored: () => {
        this.#lossReason = undefined;
      },
    });
  }

  get stats(): ClientStats {
    const { connected, retried, ignoredAnswers } = this.#channel;
    const { inFlight, waiting } = this.#calls;
    return { connected, inFlight: inFlight.size, waiting, losses: this.#losses, retried, ignoredAnswers };
  }

  /**
   * Resolves when requests can be sent. Rejects with `ConnectionError` when each URL has failed
   * once, or after `timeoutMs`.
   */
  connected(): Promise<void> {
    const { timeoutMs, urls } = this.#settings;
    return new Promise((resolve, reject) => {
      let lastReason = 'the broker does not answer';
      const fail = (): void => end(() => reject(new ConnectionError(lastReason)));
      const timer = setTimeout(fail, timeoutMs);
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#connectionLost = () => undefined;
        settle();
      };
      this.#connectionLost = (reason, failures) => {
        lastReason = reason;
        // The broker may not have noticed yet that the reply queue's earlier consumer is closed.
        if (failures >= urls.length && !/\bin (?:exclusive )?use\b/.test(reason)) fail();
      };
      this.#link.started.then(() => end(resolve), fail);
    });
  }

  /** Settles as the answer says that `read` reads. What `write` throws rejects the promise, too. */
  call<T>(write: () => RequestDocument, options: CallOptions = {}, read: AnswerReader<T>): Promise<T> {
    let call: Call | undefined;
    const promise = new Promise<T>((resolve, reject) => {
      const request = this.#request(write(), options);
      call = new Call(request, {
        obstacle: () => this.#lossReason,
        answered: (answer) => resolve(read(answer)),
        failed: reject,
        ended: (ended) => this.#ended(ended),
      });
    });
    if (call !== undefined) {
      this.#promises.set(call, promise);
      this.#calls.add(call);
    }
    return promise;
  }

  /** Rejects all calls with `ClosedError` and closes the connection. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const call of this.#calls.clear()) {
      // Its caller may wait for `close` first: that it looks at the call's end later must not end
      // the process.
      this.#promises.get(call)?.catch(() => undefined);
      call.fail(new ClosedError({ messageId: call.request.messageId, outcomeUnknown: call.sendings > 0 }));
    }
    await this.#link.stop();
  }

  #ended(call: Call): void {
    this.#channel.forget(call);
    this.#calls.remove(call);
  }

  /** Throws where the call cannot begin. */
  #request(document: RequestDocument, options: CallOptions): CallRequest {
    const { messageId = randomUUID(), signal } = options;
    shortText('messageId', messageId);
    const timeoutMs = timeLimit(options.timeoutMs, this.#settings.timeoutMs);
    const deadline = deadlineOf(options.deadline, timeoutMs);
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw new ClosedError({ messageId });
    if (!this.#calls.hasRoom) throw tooManyCalls(this.#settings, messageId);
    this.#order += 1;
    const id = `${this.#instance}-${this.#order}`;
    return { id, document, messageId, deadline, timeoutMs, signal };
  }
}

function tooManyCalls({ maxInFlight, maxWaiting }: ClientSettings, messageId: string): ContactsError {
  const message = `${maxInFlight} requests have no answer and ${maxWaiting} calls wait: await calls before you start others`;
  return new ContactsError('TOO_MANY_CALLS', message, { messageId });
}
