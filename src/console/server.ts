import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createAdaptorServer } from '@hono/node-server';

import { createApp } from './app.ts';
import type { ConsoleContext } from './context.ts';
import type { ConsoleSettings } from './settings.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const CHECK_CONNECTIONS_MS = 1_000;
const REQUEST_TIMEOUT_MS = 60_000;
const MAX_CONNECTIONS = 200;

/** A console that listens. */
export interface RunningConsole {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens, and begins to look at broker and workers. Rejects where the port is not free. */
export async function startConsole(context: ConsoleContext, settings: ConsoleSettings): Promise<RunningConsole> {
  let port = settings.port;
  const app = createApp(context, settings, () => port);
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Node looks for overdue headers every 30 s otherwise.
    serverOptions: { connectionsCheckingInterval: CHECK_CONNECTIONS_MS },
  }) as Server;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(settings.port, settings.host);
    await once(server, 'listening');
  } catch (error) {
    await app.close();
    throw error;
  }
  port = (server.address() as AddressInfo).port;
  const name = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${/^(0\.0\.0\.0|\[::\])$/.test(name) ? '127.0.0.1' : name}:${port}/`,
    close: async () => {
      server.close();
      server.closeIdleConnections();
      await app.close();
      server.closeAllConnections();
    },
  };
}
