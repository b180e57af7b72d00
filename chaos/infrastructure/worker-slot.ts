import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, createWriteStream, openSync, readFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Guard } from '../guards.ts';
import type { FaultProxy } from '../proxy/fault-proxy.ts';

/** The second wording is that of builds before the first release. */
const CONSUMING = /"(?:consuming|taking) requests"/;
const ENTRY = fileURLToPath(new URL('../worker-main.ts', import.meta.url));

/** The counts in a worker's final log line. */
export interface StopReport {
  readonly delivered: number;
  readonly acknowledged: number;
  readonly dead_lettered: number;
  readonly handed_back: number;
  readonly lost: number;
}

export interface SlotSettings {
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments of Node. Default: the suite's own worker. */
  readonly program?: readonly string[] | undefined;
  readonly folder: string;
  readonly removedGuard: Guard | undefined;
}

/** What differs for one process; its replacement gets the usual settings. */
export interface ProcessSettings {
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * A device for standard output. The process's output is then unknown: `ready` must resolve when
   * it consumes requests.
   */
  readonly output?: { readonly path: string; readonly ready: () => Promise<void> };
}

/** One process of a worker slot, from start to end. */
interface Run {
  readonly child: ChildProcess;
  readonly consuming: Promise<void>;
  readonly exited: Promise<number | string>;
  lastLine: string;
  isConsuming: boolean;
  /** Its end was requested, so no other process is started. */
  expected: boolean;
}

/**
 * Keeps one worker process running behind its proxies until it is closed. A process that ends by
 * itself is replaced.
 */
export class WorkerSlot {
  readonly number: number;
  readonly broker: FaultProxy;
  readonly database: FaultProxy;
  readonly #settings: SlotSettings;
  #run: Run | undefined;
  #runs = 0;
  #closed = false;
  /** Arguments of Node for the processes started from now on. */
  program: readonly string[];
  /** Exit codes and signals of processes that ended unrequested. */
  readonly unexpectedEnds: (number | string)[] = [];
  /** Largest resident memory of any process so far, in MiB. */
  peakMemoryMiB = 0;

  constructor(number: number, broker: FaultProxy, database: FaultProxy, settings: SlotSettings) {
    this.number = number;
    this.broker = broker;
    this.database = database;
    this.#settings = settings;
    this.program = settings.program ?? [ENTRY];
  }

  /** The variables of its processes; a single process may override them. */
  get environment(): Readonly<Record<string, string>> {
    return this.#settings.environment;
  }

  /** Resolves when the present process consumes requests. */
  async start(settings: ProcessSettings = {}): Promise<void> {
    this.#run ??= this.#launch(settings);
    await this.#run.consuming;
  }

  /**
   * Resolves when the present process consumes requests, a replacement included; never where no
   * process does.
   */
  async ready(): Promise<void> {
    for (let run = this.#run; run !== undefined; run = this.#run) {
      await run.consuming;
      if (run === this.#run) return;
    }
  }

  /** Whether the present process has begun to consume requests. */
  get isConsuming(): boolean {
    return this.#run?.isConsuming ?? false;
  }

  signal(signal: NodeJS.Signals): void {
    this.#run?.child.kill(signal);
  }

  /**
   * Stops the process gracefully. Returns its exit code and final counts. No replacement is
   * started.
   */
  async stop(): Promise<{ readonly code: number | string; readonly report: StopReport | undefined }> {
    // A process that has just been spawned does not handle signals yet and would simply end.
    await this.ready();
    const run = this.#run;
    if (run === undefined) throw new Error('no worker to stop');
    run.expected = true;
    this.#measure(run);
    run.child.kill('SIGTERM');
    const code = await run.exited;
    this.#run = undefined;
    return { code, report: stopReportOf(run.lastLine) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const run = this.#run;
    if (run === undefined) return;
    run.expected = true;
    run.child.kill('SIGCONT');
    run.child.kill('SIGKILL');
    await run.exited;
    this.#run = undefined;
  }

  /** To be called regularly: the figures of a process end with it. */
  measure(): void {
    if (this.#run !== undefined) this.#measure(this.#run);
  }

  #measure({ child }: Run): void {
    try {
      const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
      const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
      this.peakMemoryMiB = Math.max(this.peakMemoryMiB, Math.round(peak));
    } catch {
      // The process has just ended.
    }
  }

  #launch({ environment: changed = {}, output }: ProcessSettings = {}): Run {
    this.#runs += 1;
    const { environment, folder, removedGuard } = this.#settings;
    const standardOutput = output === undefined ? undefined : openSync(output.path, 'w');
    const child = spawn(process.execPath, [...this.program], {
      stdio: ['ignore', standardOutput ?? 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        ...environment,
        ...changed,
        ...(removedGuard !== undefined && { REMOVED_GUARD: removedGuard }),
      },
    });
    if (standardOutput !== undefined) closeSync(standardOutput);
    const log = createWriteStream(join(folder, `worker-${this.number}-${this.#runs}.log`));
    child.stderr?.pipe(log, { end: false });
    const exited = new Promise<number | string>((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
    );
    const consuming = new Promise<void>(() => undefined);
    const run: Run = { child, exited, consuming, lastLine: '', isConsuming: false, expected: false };
    const begun = output?.ready() ?? new Promise<void>((resolve) => follow(child, log, run, resolve));
    const replaced = exited.then((code) => this.#ended(run, code, log));
    const consumes = begun.then(() => void (run.isConsuming = true));
    return Object.assign(run, { consuming: Promise.race([consumes, replaced]) });
  }

  #ended(run: Run, code: number | string, log: WriteStream): void {
    log.end();
    if (run.expected || this.#closed) return;
    this.unexpectedEnds.push(code);
    this.#run = this.#launch();
  }
}

/**
 * Writes the process's lines to the file, remembers the last, and calls `consuming` when it
 * consumes requests.
 */
function follow(child: ChildProcess, log: WriteStream, run: Run, consuming: () => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log.write(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    run.lastLine = lines.at(-1) ?? run.lastLine;
    if (lines.some((line) => CONSUMING.test(line))) consuming();
  });
}

function stopReportOf(line: string): StopReport | undefined {
  try {
    const words = JSON.parse(line) as Partial<StopReport>;
    return words.delivered === undefined ? undefined : (words as StopReport);
  } catch {
    return undefined;
  }
}
