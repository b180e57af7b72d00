import type { Execution, ExecutionTerms } from '../protocol/execution.ts';
import { fault, type Fault } from '../protocol/fault.ts';
import type { Method } from '../protocol/method.ts';
import type { RequestEnvelope } from '../protocol/request.ts';
import { fail } from '../protocol/response.ts';
import type { RetryPolicy } from '../time/retry.ts';
import { Batcher } from './batcher.ts';
import type { DispatchEvents } from './events.ts';
import { MethodExecution } from './method-execution.ts';
import type { Registry } from './registry.ts';
import { SubjectOrder } from './subject-order.ts';

export interface DispatcherSettings {
  /** Attempts of a request that fails by a defect. */
  readonly maxAttempts: number;
  /** Batches per method at the database at the same time. */
  readonly slotsPerMethod: number;
  /** Total weight of a batch, where a method does not define its own. */
  readonly maxBatch: number;
}

interface Executor {
  readonly batcher: Batcher<unknown>;
  readonly execution: MethodExecution<unknown>;
}

/** Reads a request's command and executes it: batched by method, in queue order per subject. */
export class Dispatcher {
  readonly #registry: Registry;
  readonly #executors = new Map<Method, Executor>();
  readonly #order = new SubjectOrder();

  constructor(registry: Registry, settings: DispatcherSettings, retryPolicy: RetryPolicy, events: DispatchEvents) {
    this.#registry = registry;
    const terms = { maxAttempts: settings.maxAttempts, retryPolicy, now: Date.now };
    for (const name of registry.names) {
      const method = registry.find(name);
      if (method === undefined) continue;
      const { slotsPerMethod: slots } = settings;
      const { maxBatch = settings.maxBatch } = method;
      const weigh = (command: unknown): number => method.weight?.(command) ?? 1;
      const execution = new MethodExecution(method, terms, events);
      const batcher = new Batcher({ slots, maxBatch, weigh }, (batch, report) => execution.run(batch, report));
      this.#executors.set(method, { execution, batcher });
    }
  }

  /** Whether there is such a method. */
  knows(method: string): boolean {
    return this.#registry.find(method) !== undefined;
  }

  /**
   * Executes a request once it is its turn. Never rejects. Throws what a method's `read` throws,
   * which is a defect.
   */
  execute(request: RequestEnvelope, { key, deadline, attemptsBefore, channel }: ExecutionTerms): Promise<Execution> {
    const method = this.#registry.find(request.method);
    const executor = method === undefined ? undefined : this.#executors.get(method);
    if (method === undefined || executor === undefined) return rejected([this.#unknownMethod()]);
    const read = method.read(request.body);
    if (!read.valid) return rejected(read.faults);
    const subject = method.subject?.(read.command);
    const work = { command: read.command, key, channel, ...(deadline !== undefined && { deadline }) };
    const run = (): Promise<Execution> =>
      attemptsBefore === undefined ? executor.batcher.submit(work) : executor.execution.runAlone(work, attemptsBefore);
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

/** The caller's mistake; nothing was started. */
function rejected(faults: readonly Fault[]): Promise<Execution> {
  return Promise.resolve({ kind: 'done', response: fail(...faults), attempts: 0, batch: 0 });
}
