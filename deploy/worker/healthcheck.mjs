// Checks the worker in the same container: node healthcheck.mjs /livez. Exits with 0 only for status 200.
// It reads no setting but the port, so a file that only the worker may read cannot fail it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';

// An import would read all exports of the module, and some of them load Node's own fetch: 0.02 s and 13 MiB.
const { request } = createRequire(import.meta.url)('node:http');

const DEFAULT_PORT = '8080';
const LIMIT_MS = 4000;

/** Reads the port like the worker: HTTP_PORT, else the file that HTTP_PORT_FILE names; empty is unset. */
function port() {
  const { HTTP_PORT: given = '', HTTP_PORT_FILE: path = '' } = process.env;
  if (given !== '' || path === '') return given === '' ? DEFAULT_PORT : given;
  return readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
}

/** Uses no shared agent: the environment may make Node's common one use a proxy. */
function status(url) {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, signal: AbortSignal.timeout(LIMIT_MS) }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

try {
  const httpPort = port();
  // With HTTP_PORT=0 there is no endpoint: a running process is all that can be checked.
  if (httpPort !== '0')
    process.exitCode = (await status(`http://127.0.0.1:${httpPort}${process.argv[2] ?? '/livez'}`)) === 200 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.code ?? error.name}\n`);
  process.exitCode = 1;
}
