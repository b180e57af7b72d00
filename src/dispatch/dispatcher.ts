import type { Execution, ExecutionTerms } from '../protocol/execution.ts';
import type { Fault } from '../protocol/fault.ts';
import { fault } from '../protocol/fault.ts';
import type { Method } from '../protocol/method.ts';
import type { RequestEnvelope } from '../protocol/request.ts';
import { fail } from '../protocol/response.ts';
import type { DispatchEvents } from './events.ts';
import { Batcher } from './batcher.ts';
import { MethodExecution } from './method-execution.ts';
import type { RetryPolicy } from '../time/retry.ts';
import type { Registry } from './registry.ts';
import { SubjectOrder } from './subject-order.ts';

export interface DispatcherSettings {
  /** Attempts of a request that fails by a defect. */
  readonly maxAttempts: number;
  /** Batches per method at the database at the same time. */
  readonly slotsPerMethod: number;
  /** Commands in a batch at most, where a method does not say otherwise. */
  readonly maxBatch: number;
}

const REFUSED = { attempts: 0, batch: 0 } as const;

/** Reads a request's command and executes it: batched by method, in queue order per subject. */
export class Dispatcher {
  readonly #registry: Registry;
  readonly #runs = new Map<Method, { readonly batcher: Batcher<unknown>; readonly run: MethodExecution<unknown> }>();
  readonly #order = new SubjectOrder();

  constructor(registry: Registry, settings: DispatcherSettings, patience: RetryPolicy, events: DispatchEvents) {
    this.#registry = registry;
    const limits = { maxAttempts: settings.maxAttempts, patience, now: Date.now };
    for (const name of registry.names) {
      const method = registry.find(name);
      if (method === undefined) continue;
      const { slotsPerMethod: slots } = settings;
      const { maxBatch = settings.maxBatch } = method;
      const weigh = (command: unknown): number => method.weight?.(command) ?? 1;
      const run = new MethodExecution(method, limits, events);
      this.#runs.set(method, {
        run,
        batcher: new Batcher({ slots, maxBatch, weigh }, (batch, told) => run.run(batch, told)),
      });
    }
  }

  /** Whether there is such a method. */
  knows(method: string): boolean {
    return this.#registry.find(method) !== undefined;
  }

  /** Executes a request once it is its turn. Never rejects; throws what a method's `read` throws, which is a defect. */
  execute(request: RequestEnvelope, { key, deadline, attemptsBefore, channel }: ExecutionTerms): Promise<Execution> {
    const method = this.#registry.find(request.method);
    const runs = method === undefined ? undefined : this.#runs.get(method);
    if (method === undefined || runs === undefined) return refused([this.#unknownMethod()]);
    const read = method.read(request.body);
    if (!read.valid) return refused(read.faults);
    const subject = method.subject?.(read.command);
    const work = { command: read.command, key, channel, ...(deadline !== undefined && { deadline }) };
    const run = (): Promise<Execution> =>
      attemptsBefore === undefined ? runs.batcher.submit(work) : runs.run.alone(work, attemptsBefore);
    return subject === undefined ? run() : this.#inTurn(subject, run);
  }

  async #inTurn(subject: string, run: () => Promise<Execution>): Promise<Execution> {
    const turn = this.#order.enter(subject);
    if (turn !== undefined) await turn;
    try {
      return await run();
    } finally {
      this.#order.leave(subject);
    }
  }

  #unknownMethod(): Fault {
    return fault('UNKNOWN_METHOD', `there is no such method; there are: ${this.#registry.names.join(', ')}`);
  }
}

function refused(faults: readonly Fault[]): Promise<Execution> {
  return Promise.resolve({ kind: 'done', response: fail(...faults), ...REFUSED });
}
