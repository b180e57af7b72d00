// Creates the worker's role and user in MongoDB, or brings both up to date: also after a password was replaced.
// Reads MONGODB_ADMIN_URL (without the password), MONGODB_ADMIN_PASSWORD_FILE and MONGODB_WORKER_PASSWORD_FILE.
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

const WORKER = 'contacts-worker';
const LIMIT_MS = 120_000;
const UNKNOWN_COMMAND = 59;

const secret = (name) => readFileSync(process.env[name] ?? '', 'utf8').replace(/\r?\n$/, '');

/** Connects as administrator. A server that starts for the first time has no users for some seconds. */
async function connected() {
  // The hosts of a replica set are no URL for Node.
  const password = encodeURIComponent(secret('MONGODB_ADMIN_PASSWORD_FILE'));
  const url = (process.env.MONGODB_ADMIN_URL ?? '').replace(/(?::[^@/]*)?@/, `:${password}@`);
  for (const until = Date.now() + LIMIT_MS; ;) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
    try {
      return await client.connect();
    } catch (error) {
      await client.close();
      if (Date.now() > until) throw error;
      await setTimeout(500);
    }
  }
}

/** Returns whether the server knows roles. */
async function ensureRole(database, { role, ...settings }) {
  try {
    const { roles } = await database.command({ rolesInfo: role });
    await database.command({ [roles.length === 0 ? 'createRole' : 'updateRole']: role, ...settings });
    return true;
  } catch (error) {
    if (error.code !== UNKNOWN_COMMAND) throw error;
    console.warn('This server has no roles of its own: its users may do everything. That is no MongoDB.');
    return false;
  }
}

async function ensureUser(database, pwd, role, hasRoles) {
  const { users } = await database.command({ usersInfo: 1 });
  const roles = [{ role, db: 'admin' }];
  if (!users.some(({ user }) => user === WORKER)) await database.command({ createUser: WORKER, pwd, roles });
  else await database.command({ updateUser: WORKER, pwd, ...(hasRoles && { roles }) });
}

/** The message of an error can quote a command. */
function reasonOf(error) {
  return [error?.name, error?.code, error?.codeName].filter((part) => part !== undefined).join(' ');
}

let client;
try {
  client = await connected();
  const database = client.db('admin');
  const definition = JSON.parse(readFileSync(new URL('worker-role.json', import.meta.url), 'utf8'));
  const hasRoles = await ensureRole(database, definition);
  await ensureUser(database, secret('MONGODB_WORKER_PASSWORD_FILE'), definition.role, hasRoles);
  console.log(`The user ${WORKER} is up to date.`);
} catch (error) {
  console.error(`The user ${WORKER} could not be created: ${reasonOf(error)}`);
  process.exitCode = 1;
} finally {
  await client?.close();
}
