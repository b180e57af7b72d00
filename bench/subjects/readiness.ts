import { createServer } from 'node:http';

/** The properties that the benchmark's producer sets on every request. */
export interface Properties {
  readonly replyTo: string;
  readonly correlationId: string;
  readonly type: string;
}

/** Serves readiness on HTTP_PORT and calls `stop` once at SIGTERM. */
export function readyUntilStopped(stop: () => Promise<void>): void {
  const server = createServer((_, response) => response.end('ready')).listen(
    Number(process.env['HTTP_PORT']),
    '127.0.0.1',
  );
  process.once('SIGTERM', () => {
    server.close();
    void stop().then(() => process.exit(0));
  });
}
