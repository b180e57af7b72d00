// Asks the worker in the same container: node healthcheck.mjs /livez. Exit code 0 only when it answers 200.
import process from 'node:process';

const { HTTP_PORT: given = '' } = process.env;
const port = given === '' ? '8080' : given;

// With HTTP_PORT=0 there is nothing to ask; that the process runs is all that can be known.
if (port !== '0') {
  const answer = await fetch(`http://127.0.0.1:${port}${process.argv[2] ?? '/livez'}`, {
    signal: AbortSignal.timeout(4000),
  });
  process.exitCode = answer.ok ? 0 : 1;
}
