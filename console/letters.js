import { confirmAction } from './confirm.js';
import { fill, h, number, plural, put, time } from './dom.js';
import { chosenGroup, groupList, reasonTag } from './groups.js';
import { whenJobEnds } from './jobs.js';
import { openLetter } from './letter.js';
import { get, post, session } from './server.js';

/** @import { LetterList } from '../src/console/letters/desk.ts' */
/** @import { LetterGroup } from '../src/console/letters/groups.ts' */
/** @import { LetterRow } from '../src/console/letters/row.ts' */

/**
 * The section "Dead letters". Returns what ends it.
 *
 * @param {HTMLElement} main
 */
export function showLetters(main) {
  const view = new Letters(main);
  void view.read();
  return whenJobEnds(() => void view.read());
}

class Letters {
  /** @type {Set<string>} */
  #selected = new Set();
  /** @type {LetterList} */
  #list = { letters: [], reasons: {}, groups: [], in_other_groups: 0, matched: 0, total: 0, notes: [], read_at: '' };
  /**
   * The group that is shown; `undefined`: all.
   *
   * @type {LetterGroup | undefined}
   */
  #group;
  #reading = 0;
  #search = h('input', {
    type: 'search',
    id: 'search',
    placeholder: 'reference, id, method or error',
    maxlength: '255',
  });
  #contents = h('input', { type: 'checkbox', id: 'contents' });
  #reason = h('select', { id: 'reason' }, h('option', { value: '' }, 'any reason'));
  #status = h('p', { class: 'muted', role: 'status' }, 'Reading the queue…');
  #actions = h('div', { class: 'actions' });
  #groups = h('div');
  #rows = h('div');

  constructor(main) {
    const form = h(
      'form',
      { class: 'filters', onsubmit: (event) => (event.preventDefault(), void this.read()) },
      h('div', { class: 'field grow' }, h('label', { for: 'search' }, 'Search'), this.#search),
      h('div', { class: 'field' }, h('label', { for: 'reason' }, 'Reason'), this.#reason),
      h(
        'div',
        { class: 'field check' },
        this.#contents,
        h('label', { for: 'contents' }, 'also in the contents (logged)'),
      ),
      h('button', { type: 'submit', class: 'primary' }, 'Search'),
      h('button', { type: 'button', onclick: () => void this.read() }, 'Read again'),
    );
    this.#reason.addEventListener('change', () => void this.read());
    main.append(
      h('h1', {}, 'Dead letters'),
      h('section', { class: 'card' }, form, this.#status, this.#groups, this.#actions, this.#rows),
    );
  }

  get #filter() {
    const [search, reason] = [this.#search.value.trim(), this.#reason.value];
    return {
      ...(search !== '' && { search }),
      ...(reason !== '' && { reason }),
      ...(this.#group !== undefined && { group: this.#group.group }),
    };
  }

  async read() {
    const mine = (this.#reading += 1);
    this.#status.textContent = 'Reading the queue…';
    try {
      const contents = this.#contents.checked && this.#search.value.trim() !== '';
      /** @type {LetterList} */
      const list = contents
        ? await post('/api/dead-letters/search', this.#filter)
        : await get(`/api/dead-letters?${new URLSearchParams(this.#filter)}`);
      if (mine !== this.#reading) return;
      this.#list = list;
      const ids = new Set(list.letters.map(({ id }) => id));
      this.#selected = new Set([...this.#selected].filter((id) => ids.has(id)));
      this.#draw();
    } catch (error) {
      if (mine === this.#reading) this.#status.textContent = error.message;
    }
  }

  #draw() {
    const { letters, matched, total, reasons, notes, read_at } = this.#list;
    const chosen = this.#reason.value;
    fill(
      this.#reason,
      h('option', { value: '' }, 'any reason'),
      Object.entries(reasons).map(([reason, count]) => h('option', { value: reason }, `${reason} (${count})`)),
    );
    this.#reason.value = chosen;
    const first = letters.length < matched ? `, the first ${number(letters.length)} shown` : '';
    const found = matched === total ? plural(total, 'letter') : `${plural(matched, 'letter')} of ${number(total)}`;
    fill(this.#status, `${found}${first}, read `, time(read_at), '. ', notes.join(' '));
    this.#drawGroups();
    this.#drawActions();
    put(
      this.#rows,
      letters.length === 0
        ? h(
            'p',
            { class: 'empty muted' },
            total === 0 ? 'No dead letters. Nothing needs you here.' : 'No letter matches.',
          )
        : this.#table(),
    );
  }

  /**
   * Shows the letters of one group; of all, where `undefined`.
   *
   * @param {LetterGroup | undefined} group
   */
  #choose(group) {
    this.#group = group;
    this.#selected.clear();
    // The button that was pressed is gone.
    void this.read().then(() => (this.#groups.querySelector('button') ?? this.#search).focus());
  }

  #drawGroups() {
    const { groups, in_other_groups: others } = this.#list;
    if (this.#group !== undefined) {
      put(
        this.#groups,
        chosenGroup(this.#group, () => this.#choose(undefined)),
      );
      return;
    }
    put(this.#groups, groups.length < 2 ? '' : groupList(groups, others, (group) => this.#choose(group)));
  }

  #drawActions() {
    const { matched } = this.#list;
    const some = this.#selected.size;
    const act = (action) => async () => {
      const contents = this.#contents.checked;
      const wish =
        some > 0 ? { ids: [...this.#selected] } : { all: true, ...this.#filter, ...(contents && { contents }) };
      await confirmAction({ action, ...wish });
    };
    const which = some > 0 ? `${number(some)} selected` : `all ${number(matched)} that match`;
    const disabled = session.read_only || matched === 0;
    fill(
      this.#actions,
      h('button', { type: 'button', disabled, id: 'send-back' }, `Send back ${which}…`),
      h('button', { type: 'button', class: 'danger', disabled, id: 'discard' }, `Discard ${which}…`),
      session.read_only ? h('span', { class: 'muted' }, 'This console is read-only.') : null,
    );
    for (const action of ['send-back', 'discard']) {
      const button = this.#actions.querySelector(`#${action}`);
      // `fill` keeps the button: a listener would be added once more each time.
      if (button instanceof HTMLButtonElement) button.onclick = act(action); // oxlint-disable-line unicorn/prefer-add-event-listener
    }
  }

  #table() {
    const { letters } = this.#list;
    const all = h('input', { type: 'checkbox', 'aria-label': 'Select all shown letters' });
    all.checked = letters.length > 0 && letters.every(({ id }) => this.#selected.has(id));
    all.addEventListener('change', () => {
      this.#selected = new Set(all.checked ? letters.map(({ id }) => id) : []);
      this.#draw();
    });
    const heads = ['Reference', 'Reason', 'Method', 'Attempts', 'When', 'Last error'];
    return h(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Dead letters' },
      h(
        'table',
        { class: 'letters' },
        h('caption', { class: 'hidden' }, 'Dead letters, in the order of the queue'),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('td', {}, all),
            heads.map((head) => h('th', { scope: 'col', class: head === 'Attempts' ? 'number' : null }, head)),
          ),
        ),
        h(
          'tbody',
          {},
          letters.map((letter) => this.#row(letter)),
        ),
      ),
    );
  }

  /** @param {LetterRow} letter */
  #row(letter) {
    const { id, reference, cause, method, attempts, time: when, last_error, obstacle, sent_back } = letter;
    const box = h('input', { type: 'checkbox', 'aria-label': `Select ${reference}` });
    box.checked = this.#selected.has(id);
    box.addEventListener('change', () => {
      if (box.checked) this.#selected.add(id);
      else this.#selected.delete(id);
      this.#drawActions();
      box.closest('tr')?.classList.toggle('selected', box.checked);
    });
    return h(
      'tr',
      { class: box.checked ? 'selected' : null },
      h('td', {}, box),
      h(
        'th',
        { scope: 'row' },
        h(
          'button',
          { type: 'button', class: 'link', onclick: () => void openLetter(letter) },
          h('code', {}, reference),
        ),
      ),
      h(
        'td',
        {},
        reasonTag(cause),
        obstacle === null
          ? null
          : h('span', { class: 'note', title: 'It stays in place unless it is forced' }, obstacle),
      ),
      h('td', {}, h('code', {}, method ?? '–')),
      h(
        'td',
        { class: 'number' },
        number(attempts),
        sent_back > 0 ? h('span', { class: 'note' }, `sent back ${sent_back}×`) : null,
      ),
      h('td', {}, time(when)),
      h('td', { class: 'error-text' }, last_error ?? '–'),
    );
  }
}
