import { fill, h, number, table, time } from './dom.js';
import { showJobs } from './jobs.js';
import { showLetters } from './letters.js';
import { Live } from './live.js';
import { showLookup } from './lookup.js';
import { showOverview } from './overview.js';
import { showSend } from './send.js';
import { get, openSession, post, session } from './server.js';

/** @import { AuditEntry } from '../src/console/audit.ts' */

const main = byId('main');

/** @type {Readonly<Record<string, { title: string, open: (live: Live) => (() => void) | undefined }>>} */
const SECTIONS = {
  overview: { title: 'Overview', open: (live) => showOverview(main, live) },
  'dead-letters': { title: 'Dead letters', open: () => showLetters(main) },
  find: { title: 'Find a request', open: () => showLookup(main, parameter()) },
  send: { title: 'Try a document', open: () => showSend(main) },
  activity: { title: 'Activity', open: () => showActivity() },
};
const FIRST = 'overview';

/** What the tab of the browser shows, for those who look at another one. */
let tabTitle = '';
let alarm = '';

await openSession();
const live = new Live();
/** @type {(() => void) | undefined} */
let end;
showHeader();
showJobs(byId('jobs'));
addEventListener('hashchange', () => show(true));
show(false);

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no element ${id}`);
  return element;
}

/**
 * Shows the section that the address names.
 *
 * @param {boolean} byPerson
 */
function show(byPerson) {
  const asked = location.hash.slice(2).split('/', 1)[0] ?? '';
  const name = Object.hasOwn(SECTIONS, asked) ? asked : FIRST;
  const section = SECTIONS[name];
  if (section === undefined) return;
  end?.();
  main.replaceChildren();
  tabTitle = section.title;
  showTitle();
  for (const link of document.querySelectorAll('#tabs a')) {
    if (link.getAttribute('href') === `#/${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  end = section.open(live);
  // For those who use a screen reader or the keyboard, the section begins here.
  if (byPerson) main.focus({ preventScroll: true });
}

function showTitle() {
  const title = `${alarm}${tabTitle} · Contacts console`;
  if (document.title !== title) document.title = title;
}

/** What follows the section in the address. */
function parameter() {
  const text = location.hash.slice(2).split('/').slice(1).join('/');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function showHeader() {
  byId('queue').textContent = session.queue;
  byId('operator').textContent = session.operator;
  byId('read-only').hidden = !session.read_only;
  byId('sign-out').addEventListener('click', () => {
    void post('/api/logout')
      .catch(() => undefined)
      .then(() => location.assign('/login'));
  });
  const state = byId('live');
  const dead = byId('dead-count');
  const words = { ok: 'healthy', warning: 'attention', critical: 'critical' };
  live.listen((overview, _history, problem) => {
    const level = problem === undefined ? (overview?.verdicts[0]?.level ?? 'ok') : 'critical';
    const text = problem === undefined ? words[level] : 'no connection';
    state.className = `live ${level}`;
    if (state.textContent !== text) state.textContent = text;
    const count = overview?.dead_letters?.messages ?? 0;
    dead.hidden = count === 0;
    dead.textContent = number(count);
    alarm = level === 'ok' ? '' : `${level === 'critical' ? '‼' : '!'} `;
    showTitle();
  });
}

function showActivity() {
  const place = h('div', {}, h('p', { class: 'muted empty' }, 'Reading…'));
  main.append(
    h('h1', {}, 'Activity'),
    h('p', { class: 'muted' }, 'What people did with this console since it started; the audit log has all of it.'),
    h('section', { class: 'card' }, place),
  );
  /** @param {AuditEntry} entry */
  const details = ({ time: _time, event: _event, operator: _operator, address: _address, ...rest }) =>
    Object.entries(rest).map(([name, value]) =>
      h('span', { class: 'detail' }, `${name} `, h('code', {}, String(value))),
    );
  get('/api/audit').then(
    (/** @type {{ entries: readonly AuditEntry[] }} */ { entries }) =>
      fill(
        place,
        table(
          'What people did, the latest first',
          [
            { head: 'When', cell: (entry) => time(entry.time) },
            { head: 'Who', cell: ({ operator }) => operator },
            { head: 'From', cell: ({ address }) => h('code', {}, address) },
            { head: 'What', cell: ({ event }) => event.replaceAll('-', ' ') },
            { head: 'Details', cell: details },
          ],
          entries,
        ),
      ),
    (error) => fill(place, h('p', { class: 'alert', role: 'alert' }, error.message)),
  );
  return undefined;
}
