// Public module of infrastructure/: database addresses and free ports.
import { createServer } from 'node:net';

/**
 * Returns the address of another database on the same server, with the same options and the same
 * authentication database.
 */
export function withDatabase(url: string, database: string): string {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url);
  if (parts === null) throw new Error('not a MongoDB address');
  const [, server = '', path = '', query] = parts;
  const options = new URLSearchParams(query);
  if (server.includes('@') && path !== '' && !options.has('authSource')) options.set('authSource', path);
  const search = options.toString();
  return `${server}/${database}${search === '' ? '' : `?${search}`}`;
}

/** Returns the wanted port of 127.0.0.1 where it is free, else any free port. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', (error) => (wanted === 0 ? reject(error) : resolve(freePort())));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
