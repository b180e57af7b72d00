import { h, number, plural, put } from './dom.js';
import { follow } from './jobs.js';
import { post, session } from './server.js';

/** @import { Preview } from '../src/console/letters/plans.ts' */
/** @typedef {{ action: 'send-back' | 'discard', force?: boolean, [filter: string]: unknown }} Wish as a preview takes it */

const WORDS = {
  'send-back': { title: 'Send back', verb: 'will go back to the request queue, to be executed and answered' },
  discard: { title: 'Discard', verb: 'will be removed for good' },
};

/**
 * Counts what a wish would do, shows it, and starts it where the person agrees.
 *
 * @param {Wish} wish
 */
export async function confirmAction(wish) {
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  put(
    dialog,
    h('h2', { id: 'dialog-title' }, `${WORDS[wish.action].title}…`),
    h('p', { role: 'status' }, 'Counting…'),
    closeButton(dialog),
  );
  dialog.showModal();
  await preview(dialog, wish);
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Wish} wish
 */
async function preview(dialog, wish) {
  /** @type {Preview} */
  let counted;
  try {
    counted = await post('/api/dead-letters/preview', wish);
  } catch (error) {
    put(
      dialog,
      h('h2', { id: 'dialog-title' }, 'It cannot be counted'),
      h('p', { class: 'alert', role: 'alert' }, error.message),
      closeButton(dialog),
    );
    return;
  }
  if (dialog.open) show(dialog, wish, counted);
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {Wish} wish
 * @param {Preview} preview
 */
function show(dialog, wish, { plan, action, count, left_in_place, sample }) {
  const { title, verb } = WORDS[action];
  const canForce = left_in_place.some(({ can_be_forced }) => can_be_forced);
  const force = h('input', { type: 'checkbox', id: 'force' });
  force.checked = wish.force === true;
  force.addEventListener('change', () => void preview(dialog, { ...wish, force: force.checked }));
  const confirm = h(
    'button',
    {
      type: 'button',
      class: action === 'discard' ? 'danger primary' : 'primary',
      disabled: count === 0,
      id: 'confirm',
    },
    `${title} ${plural(count, 'letter')}`,
  );
  confirm.addEventListener('click', () => void start(dialog, plan, confirm));
  put(
    dialog,
    h('h2', { id: 'dialog-title' }, `${title} ${plural(count, 'letter')}?`),
    h(
      'p',
      {},
      count === 0
        ? 'No letter would be changed.'
        : `${plural(count, 'letter')} ${verb}. Letters that arrive from now on are left in place.`,
    ),
    left_in_place.length === 0
      ? null
      : h(
          'ul',
          { class: 'left' },
          left_in_place.map((one) =>
            h('li', {}, h('strong', {}, plural(one.count, 'letter')), ` left in place: ${one.text}.`),
          ),
        ),
    canForce || wish.force
      ? h('p', { class: 'check' }, force, h('label', { for: 'force' }, 'Send back these, too'))
      : null,
    sample.length === 0
      ? null
      : h(
          'ul',
          { class: 'sample', tabindex: '0', 'aria-label': 'The first of them' },
          sample.map(({ reference, cause, method }) =>
            h('li', {}, h('code', {}, reference), ' ', cause, ' ', h('span', { class: 'muted' }, method ?? '')),
          ),
          count > sample.length ? h('li', { class: 'muted' }, `and ${number(count - sample.length)} more`) : null,
        ),
    h(
      'p',
      { class: 'muted' },
      session.undo_ms > 0
        ? `You can undo it for ${number(session.undo_ms / 1_000)} s after you confirm.`
        : 'It begins at once.',
    ),
    h('div', { class: 'actions end' }, closeButton(dialog), confirm),
  );
  (count === 0 ? dialog.querySelector('button') : confirm)?.focus();
}

async function start(dialog, plan, confirm) {
  confirm.disabled = true;
  try {
    const { job } = await post('/api/dead-letters/jobs', { plan });
    dialog.close();
    void follow(job);
  } catch (error) {
    dialog.append(h('p', { class: 'alert', role: 'alert' }, error.message));
  }
}

function closeButton(dialog) {
  return h('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel');
}
