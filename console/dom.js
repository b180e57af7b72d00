/**
 * Builds an element. `properties` are attributes, except `on…` (listeners), `text`, and those that
 * are null or false. Children are elements or texts; nothing is ever parsed as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, unknown>>} [properties]
 * @param {...any} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(/** @type {Readonly<Record<string, any>>} */ (properties))) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'text') element.textContent = value;
    else if (name === 'value' && 'value' in element) element.value = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  put(element, ...children);
  return element;
}

/**
 * Makes these the only children of an element. `null`, `undefined` and `false` are none; the DOM's own
 * methods write the word “null”.
 *
 * @param {Element} element
 * @param {...any} children
 */
export function put(element, ...children) {
  const isChild = (child) => child !== null && child !== undefined && child !== false;
  element.replaceChildren(...children.flat(2).filter(isChild));
}

/**
 * Makes an element's children equal to these, and keeps what is the same already: focus, selection
 * and scroll stay. Not for children with listeners.
 */
export function fill(element, ...children) {
  patchChildren(element, [...h('div', {}, ...children).childNodes]);
}

function patchChildren(element, wanted) {
  for (const [nth, next] of wanted.entries()) {
    const present = element.childNodes[nth];
    if (present === undefined) element.append(next);
    else if (present.nodeName !== next.nodeName) present.replaceWith(next);
    else patch(present, next);
  }
  while (element.childNodes.length > wanted.length) element.lastChild?.remove();
}

function patch(present, next) {
  if (present.nodeType === Node.TEXT_NODE) {
    if (present.data !== next.data) present.data = next.data;
    return;
  }
  for (const name of present.getAttributeNames()) if (!next.hasAttribute(name)) present.removeAttribute(name);
  for (const { name, value } of next.attributes) {
    if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  }
  patchChildren(present, [...next.childNodes]);
}

/**
 * A table with a caption for screen readers.
 *
 * @template Row
 * @param {string} caption
 * @param {readonly { head: string, cell: (row: Row) => unknown, number?: boolean }[]} columns
 * @param {readonly Row[]} rows
 */
export function table(caption, columns, rows, { empty = 'Nothing yet.' } = {}) {
  if (rows.length === 0) return h('p', { class: 'muted empty' }, empty);
  const alignment = (column) => (column.number ? 'number' : null);
  return h(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'hidden' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) => h('th', { scope: 'col', class: alignment(column) }, column.head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            columns.map((column, nth) =>
              h(
                nth === 0 ? 'th' : 'td',
                { scope: nth === 0 ? 'row' : null, class: alignment(column) },
                column.cell(row),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const TIME = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

export function number(value) {
  return value === null || value === undefined ? '–' : NUMBER.format(value);
}

export function milliseconds(value) {
  if (value === null || value === undefined) return '–';
  if (value >= 1_000) return `${number(value / 1_000)} s`;
  return `${number(value < 100 ? value : Math.round(value))} ms`;
}

export function bytes(value) {
  if (value === null || value === undefined) return '–';
  if (value < 1_024) return `${value} B`;
  return value < 1_048_576 ? `${number(value / 1_024)} KiB` : `${number(value / 1_048_576)} MiB`;
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** A `<time>` in the reader's zone, with the exact one in its title. */
export function time(iso) {
  if (iso === null || iso === undefined || Number.isNaN(Date.parse(iso))) return '–';
  return h('time', { datetime: iso, title: iso }, TIME.format(new Date(iso)));
}

/** `1 letter`, `2 letters`. */
export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}
