import { fill, h, milliseconds, put } from './dom.js';
import { post, session } from './server.js';

const EXAMPLE = `<?xml version="1.0" encoding="UTF-8"?>
<request method="contact.list">
  <per_page>5</per_page>
</request>
`;

/** The section "Try a document". */
export function showSend(main) {
  const text = h('textarea', {
    id: 'xml',
    rows: '14',
    spellcheck: 'false',
    'aria-describedby': 'hint',
    value: EXAMPLE,
  });
  const messageId = h('input', { id: 'id', maxlength: '255', autocomplete: 'off' });
  const result = h('div', { 'aria-live': 'polite' });
  const act = (path) => async () => {
    const message_id = messageId.value.trim();
    const document = text.value;
    fill(result, h('p', { class: 'muted', role: 'status' }, 'Waiting for the answer…'));
    try {
      const answer = await post(path, { document, ...(message_id !== '' && { message_id }) });
      put(result, ...resultOf(document, answer, text));
    } catch (error) {
      fill(result, h('p', { class: 'alert', role: 'alert' }, error.message));
    }
  };
  const check = h('button', { type: 'button', onclick: act('/api/documents/check') }, 'Check only');
  const send = h(
    'button',
    { type: 'button', class: 'primary', disabled: session.read_only, onclick: act('/api/documents/send') },
    'Send to a worker',
  );
  main.append(
    h('h1', {}, 'Try a document'),
    h(
      'section',
      { class: 'card stack' },
      h(
        'p',
        { class: 'muted', id: 'hint' },
        'Checking reads the document here, as a worker would, and changes nothing. Sending executes it: a create creates. The answer may hold personal data; the audit log records the method and who sent it.',
      ),
      h('div', { class: 'field' }, h('label', { for: 'xml' }, 'Document'), text),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'id' }, 'Message id (optional: the same again repeats nothing)'),
        messageId,
      ),
      h(
        'div',
        { class: 'actions' },
        check,
        send,
        session.read_only ? h('span', { class: 'muted' }, 'This console is read-only.') : null,
      ),
    ),
    result,
  );
  return undefined;
}

function resultOf(document, { valid, method, status, ms, answer, marks }, text) {
  const isGood = valid === true || status === 'ok';
  const title =
    answer === undefined
      ? isGood
        ? `Valid: ${method}`
        : 'A worker would refuse it'
      : `The worker answered ${status} in ${milliseconds(ms)}`;
  const problems = marks.map((mark) => h('li', {}, problemButton(mark, text), h('span', {}, ` ${mark.message}`)));
  return [
    h(
      'section',
      { class: 'card stack' },
      h('h2', { class: isGood ? 'good' : 'bad' }, title),
      problems.length === 0 ? null : h('ol', { class: 'problems' }, problems),
      problems.length === 0 ? null : marked(document, marks),
      answer === undefined
        ? null
        : [
            h('h3', {}, 'Answer'),
            h('pre', { tabindex: '0', role: 'region', 'aria-label': 'Answer' }, h('code', {}, answer)),
          ],
    ),
  ];
}

/** The code, and the place; it moves the cursor there. */
function problemButton({ code, field, line, column }, text) {
  const words = [code, field].filter(Boolean).join(' ');
  if (line === null) return h('code', {}, words);
  const go = () => {
    const lines = text.value.split('\n');
    const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    const at = start + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
    text.focus();
    text.setSelectionRange(at, at + 1);
  };
  return h('button', { type: 'button', class: 'link', onclick: go }, h('code', {}, `${words} at ${line}:${column}`));
}

/** The lines around each fault, the faulty place marked. */
function marked(document, marks) {
  const lines = document.split(/\r\n|\r|\n/);
  const wanted = new Set(
    marks.flatMap(({ line }) => (line === null ? [] : [line - 2, line - 1, line, line + 1, line + 2])),
  );
  const rows = lines.flatMap((line, nth) => {
    if (!wanted.has(nth + 1)) return [];
    const columns = marks.filter((mark) => mark.line === nth + 1).map(({ column }) => column);
    return h(
      'div',
      { class: columns.length > 0 ? 'code-line faulty' : 'code-line' },
      h('span', { class: 'line-number' }, String(nth + 1)),
      h('code', {}, withMarks(line, columns)),
    );
  });
  return rows.length === 0
    ? null
    : h('div', { class: 'code-lines', tabindex: '0', role: 'region', 'aria-label': 'The faulty lines' }, rows);
}

function withMarks(line, columns) {
  const characters = [...line, ' '];
  const faulty = new Set(columns.map((column) => Math.min(column, characters.length) - 1));
  return characters.map((character, nth) =>
    faulty.has(nth) ? h('mark', { title: `column ${nth + 1}` }, character) : character,
  );
}
