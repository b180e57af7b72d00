import type { SpanCounts } from '../protocol/tracing.ts';

/** Sends one batch. Resolves with the error, if there was one. Never rejects. */
export type Export<Span> = (spans: readonly Span[]) => Promise<unknown>;

export interface ExportQueueSettings {
  readonly maxQueue: number;
  readonly maxBatch: number;
  readonly delayMs: number;
}

/**
 * Holds spans until they are exported: a bounded number, one batch at a time. What finds no room, or
 * fails to be exported, is dropped and counted. Its timer does not keep the process alive.
 */
export class ExportQueue<Span> {
  readonly #settings: ExportQueueSettings;
  readonly #export: Export<Span>;
  readonly #onChange: (error: unknown) => void;
  #queue: Span[] = [];
  #exporting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #closed = false;
  #exported = 0;
  #queueFull = 0;
  #exportFailed = 0;

  /** `onChange` receives the error when exports begin to fail, and `undefined` when they succeed again. */
  constructor(settings: ExportQueueSettings, send: Export<Span>, onChange: (error: unknown) => void) {
    this.#settings = settings;
    this.#export = send;
    this.#onChange = onChange;
  }

  /** Queues all of these spans or none, so that no trace loses a part of itself here. */
  add(spans: readonly Span[]): void {
    const { maxQueue } = this.#settings;
    if (this.#closed) this.#exportFailed += spans.length;
    else if (this.#queue.length + spans.length > maxQueue) this.#queueFull += spans.length;
    else this.#push(spans);
  }

  #push(spans: readonly Span[]): void {
    const { maxBatch, delayMs } = this.#settings;
    this.#queue.push(...spans);
    if (this.#queue.length >= maxBatch) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), delayMs).unref();
  }

  counts(): SpanCounts {
    return {
      exported: this.#exported,
      dropped: { 'queue full': this.#queueFull, 'export failed': this.#exportFailed },
    };
  }

  /**
   * Exports what is queued for `limitMs` milliseconds at most; what remains is dropped. Later spans
   * are dropped, too.
   */
  async close(limitMs: number): Promise<void> {
    this.#closed = true;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<'over'>((resolve) => (timer = setTimeout(() => resolve('over'), limitMs)));
    let result: 'over' | undefined;
    while (result === undefined && (this.#queue.length > 0 || this.#exporting !== undefined)) {
      this.#start();
      result = await Promise.race([limit, this.#exporting?.then(() => undefined)]);
    }
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#exportFailed += this.#queue.length;
    this.#queue = [];
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#queue.length === 0) return;
    this.#exporting ??= this.#run().finally(() => {
      this.#exporting = undefined;
      // More arrived meanwhile than one batch.
      if (this.#queue.length >= this.#settings.maxBatch) this.#start();
      else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#start(), this.#settings.delayMs).unref();
    });
  }

  async #run(): Promise<void> {
    const batch = this.#queue.splice(0, this.#settings.maxBatch);
    const error = await this.#export(batch);
    if (error === undefined) this.#exported += batch.length;
    else this.#exportFailed += batch.length;
    const failing = error !== undefined;
    if (failing !== this.#failing) this.#onChange(error);
    this.#failing = failing;
  }
}
