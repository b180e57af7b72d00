// Runs once while the image is built: starts a worker without broker and database, and stops it.
// Node writes what it has compiled to NODE_COMPILE_CACHE.
import process from 'node:process';

/** As long as a slow machine needs to load the worker. */
const RUNS_MS = 5000;

// Nothing listens at port 1.
process.env.AMQP_URL = 'amqp://127.0.0.1:1';
process.env.MONGODB_URL = 'mongodb://127.0.0.1:1/contacts';
setTimeout(() => process.kill(process.pid, 'SIGTERM'), RUNS_MS);
await import('./dist/main.js');
