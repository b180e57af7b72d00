/**
 * Turns a card of version 2.1 into one that a reader of version 3.0 understands; leaves others as
 * they are.
 */
export function modernised(card: string): string {
  if (!/^VERSION:2\.1\s*$/im.test(card)) return card;
  return joined(card.split('\n')).map(modernLine).join('\r\n');
}

/** Quoted-printable lines end with `=` where they go on. */
function joined(lines: readonly string[]): string[] {
  const whole: string[] = [];
  let parts: string[] = [];
  for (const line of lines) {
    const isQuoted = parts.length > 0 || /;(?:ENCODING=)?QUOTED-PRINTABLE[;:]/i.test(line);
    if (isQuoted && line.endsWith('=')) {
      parts.push(line.slice(0, -1));
      continue;
    }
    whole.push([...parts, line].join(''));
    parts = [];
  }
  return parts.length === 0 ? whole : [...whole, parts.join('')];
}

function modernLine(line: string): string {
  if (/^VERSION:/i.test(line)) return 'VERSION:3.0';
  const parts = /^([\w.-]+)((?:;[^:;]*)*):(.*)$/s.exec(line);
  if (parts === null) return line;
  const [, name = '', parameters = '', value = ''] = parts;
  const all = parameters.split(';').slice(1);
  const quoted = all.some((parameter) => QUOTED_PRINTABLE.test(parameter));
  const charset = all.find((parameter) => CHARSET.test(parameter))?.slice('CHARSET='.length) ?? 'utf-8';
  // In 2.1 a parameter without a name is a type.
  const kept = all
    .filter((parameter) => !QUOTED_PRINTABLE.test(parameter) && !CHARSET.test(parameter))
    .map((parameter) => (parameter.includes('=') ? `;${parameter}` : `;TYPE=${parameter}`));
  return `${name}${kept.join('')}:${escapedCommas(quoted ? decoded(value, charset) : value)}`;
}

const QUOTED_PRINTABLE = /^(?:ENCODING=)?QUOTED-PRINTABLE$/i;
const CHARSET = /^CHARSET=/i;

function decoded(value: string, charset: string): string {
  const bytes = Buffer.from(
    value.replace(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  const text = new TextDecoder(charset).decode(bytes);
  return text.replace(/\\(?![;,\\n])/g, '\\\\').replace(/\r?\n/g, '\\n');
}

/** In 2.1 a comma is text; in 3.0 it separates values. */
function escapedCommas(value: string): string {
  return value.replace(/(?<!\\),/g, '\\,');
}
