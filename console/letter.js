import { confirmAction } from './confirm.js';
import { bytes, h, number, plural, put, time } from './dom.js';
import { get, post, session } from './server.js';

/** @import { HiddenLetter, RevealedLetter } from '../src/console/letters/content.ts' */

/**
 * Shows a letter, its personal data hidden.
 *
 * @param {Pick<HiddenLetter, 'id' | 'reference'>} letter
 */
export async function openLetter({ id, reference }) {
  const content = h('div', {}, h('p', { role: 'status', class: 'muted' }, 'Reading the queue…'));
  const close = h('button', { type: 'button', class: 'quiet', onclick: () => dialog.close() }, 'Close');
  const title = h('h2', { id: 'letter-title' }, 'Dead letter ', h('code', {}, reference));
  const dialog = h(
    'dialog',
    { class: 'drawer', 'aria-labelledby': 'letter-title' },
    h('div', { class: 'drawer-head' }, title, close),
    content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  try {
    show(dialog, content, await get(`/api/dead-letters/${id}`));
  } catch (error) {
    put(content, h('p', { class: 'alert', role: 'alert' }, error.message));
  }
}

/** @param {HiddenLetter} letter */
function factsOf(letter) {
  const facts = [
    ['Reason', letter.cause],
    ['Method', letter.method],
    ['Attempts', number(letter.attempts)],
    ['Dead-lettered', time(letter.time)],
    ['Size', bytes(letter.bytes)],
    ['Message id', letter.message_id],
    ['Correlation id', letter.correlation_id],
    ['App id', letter.app_id],
    ['Reply to', letter.reply_to],
    ['Sent back', letter.sent_back > 0 ? `${letter.sent_back}×` : null],
    ['First error', letter.first_error],
    ['Last error', letter.last_error],
    ['Not to be sent back', letter.obstacle],
  ];
  return h(
    'dl',
    { class: 'facts' },
    facts
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} content
 * @param {HiddenLetter} letter
 */
function show(dialog, content, letter) {
  const act = (action) => () => {
    dialog.close();
    void confirmAction({ action, ids: [letter.id] });
  };
  const whole = h(
    'div',
    {},
    h('h3', {}, 'Document, values hidden'),
    letter.outline === null
      ? h('p', { class: 'muted' }, 'It is not well-formed.')
      : code(letter.outline, 'The document with its values hidden'),
  );
  put(
    content,
    factsOf(letter),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', disabled: session.read_only, onclick: act('send-back') }, 'Send back…'),
      h(
        'button',
        { type: 'button', class: 'danger', disabled: session.read_only, onclick: act('discard') },
        'Discard…',
      ),
      h(
        'a',
        { href: `#/find/${encodeURIComponent(letter.reference)}`, onclick: () => dialog.close() },
        'What happened to it?',
      ),
    ),
    whole,
    h('h3', {}, 'Headers'),
    code(JSON.stringify(letter.headers, null, 2), 'Headers'),
    letter.hidden_headers > 0
      ? h(
          'p',
          { class: 'muted' },
          `${plural(letter.hidden_headers, 'header')} hidden: the producer set them, or may have.`,
        )
      : null,
    revealButton(letter, whole),
  );
}

function revealButton({ id }, whole) {
  const button = h('button', { type: 'button', id: 'reveal' }, 'Show personal data');
  const row = h(
    'p',
    { class: 'reveal' },
    button,
    h('span', { class: 'muted' }, `The audit log records that ${session.operator} asked.`),
  );
  const reveal = async () => {
    button.disabled = true;
    try {
      /** @type {RevealedLetter} */
      const { body, body_encoding, headers, properties } = await post(`/api/dead-letters/${id}/reveal`);
      put(
        whole,
        h('h3', {}, body_encoding === 'base64' ? 'Document, in Base64' : 'Document'),
        code(body, 'The document'),
        h('h3', {}, 'All properties and headers'),
        code(JSON.stringify({ properties, headers }, null, 2), 'All properties and headers'),
      );
      put(row, h('span', { class: 'muted', role: 'status' }, 'Personal data is shown; the asking is logged.'));
      whole.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      row.append(h('span', { class: 'alert', role: 'alert' }, error.message));
    }
  };
  button.addEventListener('click', () => void reveal());
  return row;
}

function code(text, label) {
  return h('pre', { tabindex: '0', role: 'region', 'aria-label': label }, h('code', {}, text));
}
