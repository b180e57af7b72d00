import { fill, h, put, table, time } from './dom.js';
import { openLetter } from './letter.js';
import { get, post } from './server.js';

/** @import { RequestStory } from '../src/console/requests/lookup.ts' */
/** @import { Verdict } from '../src/console/requests/verdict.ts' */

/** @type {readonly (readonly [keyof Verdict, string])[]} */
const STEPS = [
  ['taken', 'Taken'],
  ['executed', 'Executed'],
  ['answered', 'Answered'],
  ['dead_lettered', 'Dead-lettered'],
];

/** The section "Find a request", for a reference of the address, if any. */
export function showLookup(main, reference) {
  const input = h('input', {
    id: 'reference',
    value: reference,
    maxlength: '255',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const result = h('div', { 'aria-live': 'polite' });
  const form = h(
    'form',
    { class: 'filters', onsubmit: (event) => (event.preventDefault(), void search(input.value.trim(), result)) },
    h(
      'div',
      { class: 'field grow' },
      h('label', { for: 'reference' }, 'Reference, message id or correlation id'),
      input,
    ),
    h('button', { type: 'submit', class: 'primary' }, 'Find'),
  );
  main.append(
    h('h1', {}, 'Find a request'),
    h(
      'section',
      { class: 'card' },
      h(
        'p',
        { class: 'muted' },
        'The reference is in the answer INTERNAL_ERROR, and request_id in the log. The database knows requests by it; the log and the dead letters by their ids, too.',
      ),
      form,
      byDocument(input, result),
    ),
    result,
  );
  if (reference !== '') void search(reference, result);
  return undefined;
}

function byDocument(input, result) {
  /** @type {[name: string, text: string, field: HTMLInputElement][]} */
  const fields = [
    ['message_id', 'Message id', h('input', { id: 'message_id', required: true, maxlength: '255' })],
    ['app_id', 'App id', h('input', { id: 'app_id', maxlength: '255' })],
  ];
  const document = h('textarea', { id: 'document', rows: '6', required: true, spellcheck: 'false' });
  const submit = async (event) => {
    event.preventDefault();
    const body = {
      document: document.value,
      ...Object.fromEntries(fields.map(([name, , field]) => [name, field.value])),
    };
    try {
      const { reference } = await post('/api/requests', body);
      input.value = reference;
      await search(reference, result);
    } catch (error) {
      fill(result, h('p', { class: 'alert', role: 'alert' }, error.message));
    }
  };
  return h(
    'details',
    {},
    h('summary', {}, 'I have the document, not the reference'),
    h(
      'form',
      { class: 'stack', onsubmit: submit },
      h(
        'p',
        { class: 'muted' },
        'The reference is a hash of app id, message id and document. It is computed here, and nothing is kept.',
      ),
      fields.map(([name, text, field]) => h('div', { class: 'field' }, h('label', { for: name }, text), field)),
      h('div', { class: 'field' }, h('label', { for: 'document' }, 'Document, byte for byte'), document),
      h('button', { type: 'submit' }, 'Compute and find'),
    ),
  );
}

async function search(reference, result) {
  if (reference === '') return;
  fill(result, h('p', { class: 'muted', role: 'status' }, 'Searching…'));
  try {
    show(result, await get(`/api/requests/${encodeURIComponent(reference)}`));
  } catch (error) {
    fill(result, h('p', { class: 'alert', role: 'alert' }, error.message));
  }
}

const STATES = { yes: 'yes', no: 'no', unknown: 'not known' };

/**
 * @param {HTMLElement} result
 * @param {RequestStory} story
 */
function show(result, story) {
  const { reference, found, dead_letters: letters, traces, log, sources } = story;
  put(
    result,
    h(
      'section',
      { class: 'card' },
      h('h2', {}, found ? 'What is known of ' : 'Nothing is known of ', h('code', {}, reference)),
      h(
        'ol',
        { class: 'steps' },
        STEPS.map(([key, title]) =>
          h(
            'li',
            { class: `step ${story[key].state}` },
            h('span', { class: 'step-title' }, title),
            h('strong', {}, STATES[story[key].state]),
            h('span', { class: 'step-text' }, story[key].text),
          ),
        ),
      ),
      letters.length === 0 ? null : [h('h3', {}, 'In the dead-letter queue'), letterTable(letters)],
      traces.length === 0 ? null : [h('h3', {}, 'In the database'), traceTable(traces)],
      log.length === 0 ? null : [h('h3', {}, 'In the log'), logTable(log)],
      h('h3', {}, 'Where it was searched'),
      h(
        'ul',
        { class: 'sources' },
        sources.map(({ name, state, text }) =>
          h('li', { class: state === 'failed' ? 'alert' : null }, h('strong', {}, name), `: ${state}; ${text}`),
        ),
      ),
    ),
  );
}

/** @param {RequestStory['dead_letters']} letters */
function letterTable(letters) {
  return table(
    'In the dead-letter queue',
    [
      {
        head: 'Reference',
        cell: (letter) =>
          h(
            'button',
            { type: 'button', class: 'link', onclick: () => void openLetter(letter) },
            h('code', {}, letter.reference),
          ),
      },
      { head: 'Reason', cell: ({ cause }) => cause },
      { head: 'When', cell: (letter) => time(letter.time) },
    ],
    letters,
  );
}

/** @param {RequestStory['traces']} traces */
function traceTable(traces) {
  return table(
    'In the database',
    [
      { head: 'What', cell: ({ kind }) => kind },
      { head: 'Contact', cell: ({ contactId }) => String(contactId ?? '–') },
      { head: 'When', cell: ({ at }) => time(at) },
      { head: 'Starts without an end', cell: ({ starts }) => String(starts ?? '–') },
    ],
    traces,
  );
}

/** @param {RequestStory['log']} log */
function logTable(log) {
  return table(
    'In the log',
    [
      { head: 'When', cell: (line) => time(line.time) },
      { head: 'Method', cell: ({ method }) => h('code', {}, method) },
      { head: 'Code', cell: ({ code }) => code },
      { head: 'Answer', cell: ({ reply }) => reply },
      { head: 'ms', cell: ({ ms }) => String(ms ?? '–') },
      {
        head: 'Delivery',
        cell: ({ redelivered, repeated }) =>
          [redelivered ? 'redelivered ' : '', repeated ? 'repeated' : ''].join('') || 'first',
      },
    ],
    log,
  );
}
