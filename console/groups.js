import { h, number, plural, table, time } from './dom.js';

/** @import { LetterGroup } from '../src/console/letters/groups.ts' */

/**
 * The groups of letters with one cause.
 *
 * @param {readonly LetterGroup[]} groups
 * @param {number} others letters in groups that are not listed
 * @param {(group: LetterGroup) => void} choose shows the letters of one
 */
export function groupList(groups, others, choose) {
  const columns = [
    {
      head: 'Letters',
      cell: (group) =>
        h(
          'button',
          {
            type: 'button',
            class: 'link',
            onclick: () => choose(group),
            'aria-label': `Show ${plural(group.count, 'letter')}: ${group.cause} ${group.method ?? ''}`,
          },
          number(group.count),
        ),
    },
    { head: 'Reason', cell: ({ cause }) => reasonTag(cause) },
    { head: 'Method', cell: ({ method }) => h('code', {}, method ?? '–') },
    { head: 'Error', cell: ({ error }) => h('span', { class: 'error-text' }, error ?? '–') },
    { head: 'First', cell: ({ first }) => time(first) },
    { head: 'Last', cell: ({ last }) => time(last) },
  ];
  return h(
    'details',
    { class: 'groups', open: true },
    h('summary', {}, 'By cause: letters with the same reason, method and error'),
    table('Groups of letters', columns, groups),
    others > 0 ? h('p', { class: 'muted' }, `${plural(others, 'letter')} in smaller groups.`) : null,
  );
}

/**
 * Names the group whose letters alone are shown.
 *
 * @param {LetterGroup} group
 * @param {() => void} leave shows all again
 */
export function chosenGroup({ cause, method, error }, leave) {
  return h(
    'p',
    { class: 'group' },
    'Only the group ',
    reasonTag(cause),
    ' ',
    h('code', {}, method ?? '–'),
    ' ',
    h('span', { class: 'error-text' }, error ?? ''),
    ' ',
    h('button', { type: 'button', onclick: leave }, 'Show all groups'),
  );
}

/**
 * A reason, in the colour of its kind.
 *
 * @param {string} cause
 */
export function reasonTag(cause) {
  return h('span', { class: `reason-tag ${kindOf(cause)}` }, cause);
}

/** @param {string} cause */
function kindOf(cause) {
  if (cause.startsWith('ANSWER_')) return 'answer';
  if (cause.startsWith('REPLY_TO_')) return 'refused';
  return cause === 'INTERNAL_ERROR' ? 'defect' : 'other';
}
