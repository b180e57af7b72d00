/**
 * What the server says of this session; set by `openSession`.
 *
 * @type {{ csrf: string, operator: string, queue: string, read_only: boolean, undo_ms: number, look_every_ms: number }}
 */
export const session = { csrf: '', operator: '', queue: '', read_only: true, undo_ms: 0, look_every_ms: 2_000 };

/** A refusal of the server, with its words. */
export class ServerError extends Error {
  constructor(status, { code = 'UNKNOWN', message = `The console answered ${status}.` } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** @returns {Promise<void>} */
export async function openSession() {
  Object.assign(session, await get('/api/session'));
}

/**
 * The answer's JSON; who asks knows its type.
 *
 * @param {string} path
 * @returns {Promise<any>}
 */
export function get(path) {
  return ask(path, { headers: { accept: 'application/json' } });
}

/**
 * As `get`, for what changes something.
 *
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export function post(path, body = {}) {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': session.csrf };
  return ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: 'same-origin', cache: 'no-store' });
  } catch {
    throw new ServerError(0, { code: 'UNREACHABLE', message: 'The console does not answer. Has it been stopped?' });
  }
  if (answer.status === 401) {
    location.assign('/login');
    throw new ServerError(401, { message: 'The session has ended.' });
  }
  if (answer.status === 204) return undefined;
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ServerError(answer.status, json.error);
  return json;
}
