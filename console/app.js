import { fill, h, number, table, time } from './dom.js';
import { showJobs } from './jobs.js';
import { showLetters } from './letters.js';
import { Live, showOverview } from './live.js';
import { showLookup } from './lookup.js';
import { showSend } from './send.js';
import { get, openSession, post, session } from './server.js';

const main = document.getElementById('main');
const SECTIONS = {
  overview: ['Overview', (live) => showOverview(main, live)],
  'dead-letters': ['Dead letters', () => showLetters(main)],
  find: ['Find a request', () => showLookup(main, parameter())],
  send: ['Try a document', () => showSend(main)],
  activity: ['Activity', () => showActivity()],
};

/** What the tab of the browser shows, for those who look at another one. */
let section = SECTIONS.overview[0];
let alarm = '';

await openSession();
const live = new Live();
let end;
showHeader();
showJobs(document.getElementById('jobs'));
addEventListener('hashchange', () => show(true));
show(false);

/** Shows the section that the address names. */
function show(byPerson) {
  const name = location.hash.slice(2).split('/', 1)[0];
  const [title, open] = SECTIONS[name] ?? SECTIONS.overview;
  end?.();
  main.replaceChildren();
  section = title;
  showTitle();
  for (const link of document.querySelectorAll('#tabs a')) {
    const current = link.hash === `#/${SECTIONS[name] === undefined ? 'overview' : name}`;
    if (current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  end = open(live);
  // For those who use a screen reader or the keyboard, the section begins here.
  if (byPerson) main.focus({ preventScroll: true });
}

function showTitle() {
  const title = `${alarm}${section} · Contacts console`;
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
  document.getElementById('queue').textContent = session.queue;
  document.getElementById('operator').textContent = session.operator;
  document.getElementById('read-only').hidden = !session.read_only;
  document.getElementById('sign-out').addEventListener('click', async () => {
    await post('/api/logout').catch(() => undefined);
    location.assign('/login');
  });
  const state = document.getElementById('live');
  const dead = document.getElementById('dead-count');
  live.listen((overview, _history, problem) => {
    const level = problem === undefined ? overview.verdicts[0].level : 'critical';
    const words = { ok: 'healthy', warning: 'attention', critical: 'critical' };
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
  const details = ({ time: _time, event: _event, operator: _operator, address: _address, ...rest }) =>
    Object.entries(rest).map(([name, value]) =>
      h('span', { class: 'detail' }, `${name} `, h('code', {}, String(value))),
    );
  get('/api/audit').then(
    ({ entries }) =>
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
