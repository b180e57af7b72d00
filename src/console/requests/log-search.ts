import { open } from 'node:fs/promises';

import { escapeControls } from '../../dead-letters/terminal-text.ts';

/** One line of a worker's log about a request. */
export interface LogLine {
  readonly time: string;
  readonly method: string;
  readonly status: string;
  readonly code: string;
  readonly ms: number | null;
  readonly reference: string;
  readonly reply: string;
  readonly redelivered: boolean;
  readonly repeated: boolean;
}

/** The end of the file that is searched; about 250,000 lines. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_LINES = 50;
/** Any program can have written the file. */
const MAX_TEXT = 255;

/** Finds the lines that a request's reference or message id names, at the end of a log file. */
export async function searchLog(path: string, wanted: string): Promise<LogLine[]> {
  const found: LogLine[] = [];
  const quoted = JSON.stringify(wanted);
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    for await (const line of file.readLines({ start: Math.max(0, size - MAX_BYTES) })) {
      if (!line.includes(quoted)) continue;
      const parsed = lineOf(line, wanted);
      if (parsed !== undefined) found.push(parsed);
      if (found.length > MAX_LINES) found.shift();
    }
  } finally {
    await file.close();
  }
  return found;
}

function lineOf(line: string, wanted: string): LogLine | undefined {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (fields['msg'] !== 'request' || (fields['request_id'] !== wanted && fields['message_id'] !== wanted))
    return undefined;
  const text = (name: string): string =>
    typeof fields[name] === 'string' ? escapeControls(fields[name].slice(0, MAX_TEXT)) : '';
  return {
    time: text('time'),
    method: text('method'),
    status: text('status'),
    code: text('code'),
    ms: typeof fields['ms'] === 'number' ? fields['ms'] : null,
    reference: text('request_id'),
    reply: text('reply'),
    redelivered: fields['redelivered'] === true,
    repeated: fields['repeated'] === true,
  };
}
