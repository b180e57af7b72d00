// Asks the worker in the same container: node healthcheck.mjs /livez. Exit code 0 only when it answers 200.
// It reads no setting but the port, so that no file that only the worker may read can fail it.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import process from 'node:process';

const DEFAULT_PORT = '8080';
const LIMIT_MS = 4000;

/** As the worker reads it: HTTP_PORT, else the file that HTTP_PORT_FILE names; empty counts as not set. */
function port() {
  const { HTTP_PORT: given = '', HTTP_PORT_FILE: path = '' } = process.env;
  if (given !== '' || path === '') return given === '' ? DEFAULT_PORT : given;
  return readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .replace(/\r?\n$/, '');
}

/** An agent of its own, as Node's common one may be set to go through a proxy by the environment. */
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
  const asked = port();
  // With HTTP_PORT=0 there is nothing to ask; that the process runs is all that can be known.
  if (asked !== '0')
    process.exitCode = (await status(`http://127.0.0.1:${asked}${process.argv[2] ?? '/livez'}`)) === 200 ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error.code ?? error.name}\n`);
  process.exitCode = 1;
}
