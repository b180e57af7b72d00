import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../../infrastructure/addresses.ts';
import { attempt, run } from '../../infrastructure/command.ts';
import { ensureGoImage } from '../../infrastructure/go-image.ts';
import { waitFor } from '../../infrastructure/progress.ts';

type Value = Readonly<Record<string, unknown>>;

/** A span as the collector received it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number };
  /** Attributes of the resource. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/**
 * The OTLP receiver of the OpenTelemetry collector in a container, on the host's network: Linux only.
 * COLLECTOR_IMAGE names an image of the whole collector with the file exporter, e.g.
 * otel/opentelemetry-collector-contrib; otherwise the receiver alone is built, as the service around
 * it takes twice as long to compile.
 */
export class Collector {
  readonly endpoint: string;
  readonly #folder: string;
  readonly #container: string;

  private constructor(endpoint: string, folder: string, container: string) {
    this.endpoint = endpoint;
    this.#folder = folder;
    this.#container = container;
  }

  static async start(): Promise<Collector> {
    const image = process.env['COLLECTOR_IMAGE'] ?? (await ensureGoImage('test/support/collector'));
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'contacts-collector-'));
    // The collector's user is another one.
    chmodSync(folder, 0o777);
    writeFileSync(join(folder, 'config.yaml'), configuration(port));
    const name = `contacts-collector-${randomBytes(4).toString('hex')}`;
    const volume = `${folder}:/data`;
    await run('docker', [
      'run',
      '-d',
      '--name',
      name,
      '--network',
      'host',
      '-v',
      volume,
      '-e',
      `ENDPOINT=127.0.0.1:${port}`,
      '-e',
      'FILE=/data/traces.json',
      image,
      '--config=/data/config.yaml',
    ]);
    const collector = new Collector(`http://127.0.0.1:${port}`, folder, name);
    await waitFor('the collector', 30_000, async () => {
      const headers = { 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: '{"resourceSpans":[]}' };
      const response = await fetch(`${collector.endpoint}/v1/traces`, init).catch(() => undefined);
      return response?.ok === true ? true : undefined;
    });
    return collector;
  }

  /** Every span received so far. */
  spans(): ReceivedSpan[] {
    let text = '';
    try {
      text = readFileSync(join(this.#folder, 'traces.json'), 'utf8');
    } catch {
      // None was received yet.
    }
    return text.split('\n').filter(isComplete).flatMap(spansOfLine);
  }

  async stop(): Promise<void> {
    await attempt('docker', ['rm', '-f', this.#container]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function configuration(port: number): string {
  return `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${port}
exporters:
  file:
    path: /data/traces.json
    flush_interval: 100ms
service:
  pipelines:
    traces:
      receivers: [otlp]
      exporters: [file]
`;
}

/** The last line may be half written. */
function isComplete(line: string): boolean {
  return line.endsWith('}') && line.startsWith('{');
}

function spansOfLine(line: string): ReceivedSpan[] {
  const { resourceSpans = [] } = JSON.parse(line) as {
    resourceSpans?: { resource: Value; scopeSpans: { spans: (Value & Pick<ReceivedSpan, 'links'>)[] }[] }[];
  };
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...(span as unknown as ReceivedSpan),
        links: span.links ?? [],
        attributes: attributesOf(span),
        resource: attributesOf(resource),
      })),
    ),
  );
}

function attributesOf(holder: Value): Record<string, unknown> {
  const list = (holder['attributes'] ?? []) as { key: string; value: Record<string, unknown> }[];
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
