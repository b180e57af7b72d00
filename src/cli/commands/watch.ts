import { setTimeout as wait } from 'node:timers/promises';

import type { Command } from 'commander';

import { EXIT_CODES, type ExitCode } from '../exit-codes.ts';
import type { BrokerInspection, QueueState } from '../inspection.ts';
import {
  addConnection,
  addExamples,
  addOutput,
  metricsUrls,
  positiveInteger,
  seconds,
  type CommonOptions,
} from '../options.ts';
import { reasonOf, timeoutMsOf } from '../session.ts';
import { figuresOf } from '../watch/metrics.ts';
import { lookObject, lookText, ratesBetween, type Look } from '../watch/view.ts';
import type { Run } from '../run.ts';
import type { CliEnvironment } from '../environment.ts';

interface WatchOptions extends CommonOptions {
  readonly metrics?: readonly string[];
  readonly interval: number;
  readonly count?: number;
}

const DEFAULT_METRICS = 'http://127.0.0.1:8080/metrics';

export function addWatch(program: Command, run: Run): void {
  const described = program.command('watch').description('Show queue, workers and failures, again and again.');
  const command = addOutput(addConnection(described), ['json', 'table'])
    .option('--metrics <url>', `a worker's metrics; may be repeated (default: ${DEFAULT_METRICS})`, metricsUrls)
    .option('--interval <seconds>', 'between two looks', seconds, 1)
    .option('--count <n>', 'how many looks (default: until Ctrl-C)', positiveInteger);
  addExamples(
    command,
    'contacts watch',
    'contacts watch --metrics http://worker-1:8080/metrics --metrics http://worker-2:8080/metrics',
    'contacts watch -o json --interval 10 | jq .waiting',
  ).action(run(watch));
}

async function watch(around: CliEnvironment, options: WatchOptions): Promise<ExitCode> {
  const { stop, stdout } = around;
  const { output = stdout.isTTY ? 'table' : 'json', interval, count = Infinity } = options;
  const watcher = new Watcher(around, options);
  let earlier: Look | undefined;
  let reached = false;
  try {
    for (let looks = 0; looks < count && !stop.aborted; looks += 1) {
      const look = await watcher.look();
      const rates = ratesBetween(earlier, look);
      earlier = look;
      reached ||= look.reached;
      if (output === 'json') await stdout.write(`${JSON.stringify(lookObject(look, rates))}\n`);
      else await stdout.show(lookText(look, rates));
      if (looks + 1 < count) await wait(interval * 1_000, undefined, { signal: stop }).catch(() => undefined);
    }
  } finally {
    await watcher.close();
  }
  return reached ? EXIT_CODES.ok : EXIT_CODES.unreachable;
}

/** Reads broker and workers; each look also holds the problems met. */
class Watcher {
  readonly #around: CliEnvironment;
  readonly #options: WatchOptions;
  #broker: BrokerInspection | undefined;

  constructor(around: CliEnvironment, options: WatchOptions) {
    this.#around = around;
    this.#options = options;
  }

  async look(): Promise<Look> {
    const { urls, queue, queues } = await this.#around.settings(this.#options);
    const problems: string[] = [];
    const timeoutMs = Math.min(timeoutMsOf(this.#options), 5_000);
    let requests: QueueState | undefined;
    let dead: QueueState | undefined;
    let reached = false;
    try {
      this.#broker ??= await this.#around.inspectBroker(urls, timeoutMs);
      reached = true;
      requests = await this.#broker.requests({ name: queue, count: queues });
      dead = await this.#broker.queue(`${queue}.dead`);
      if (requests === undefined)
        problems.push(`the queue ${queues === 1 ? queue : `${queue}.0 or another of ${queues}`} does not exist`);
    } catch (error) {
      problems.push(`broker: ${reasonOf(error)}`);
      await this.close();
    }
    const pages = await this.#pages(timeoutMs, problems);
    const workers = pages.length === 0 ? undefined : figuresOf(pages);
    return { time: Date.now(), reached, queue, requests, dead, workers, problems };
  }

  async close(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    await broker?.close();
  }

  async #pages(timeoutMs: number, problems: string[]): Promise<string[]> {
    const { metrics = [DEFAULT_METRICS] } = this.#options;
    const pages = await Promise.all(
      metrics.map(async (url) => {
        try {
          const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
          if (!answer.ok) throw new Error(`answers ${answer.status}`);
          return await answer.text();
        } catch (error) {
          problems.push(`${url}: ${causeOf(error)}`);
          return undefined;
        }
      }),
    );
    return pages.filter((page) => page !== undefined);
  }
}

/** fetch only reports that it failed; its cause has the reason. */
function causeOf(error: unknown): string {
  return reasonOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
