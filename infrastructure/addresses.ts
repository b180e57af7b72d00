import { createServer } from 'node:net';

/** The same server and options, with another database; who logs in still does so where the address said. */
export function withDatabase(url: string, database: string): string {
  const parts = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url);
  if (parts === null) throw new Error('not a MongoDB address');
  const [, server = '', path = '', query] = parts;
  const options = new URLSearchParams(query);
  if (server.includes('@') && path !== '' && !options.has('authSource')) options.set('authSource', path);
  const search = options.toString();
  return `${server}/${database}${search === '' ? '' : `?${search}`}`;
}

/** The wanted port of 127.0.0.1 where nothing listens on it, else any free one. */
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
