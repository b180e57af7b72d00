/** One line of a Markdown page. */
export interface MarkdownLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Inside a code block, its fences included. */
  readonly code: boolean;
}

/** List marks and quotes, then a fence and its info string. */
const FENCE = /^\s*(?:(?:[-*+>]|\d+[.)])\s+)*(`{3,}|~{3,})(.*)$/;

/**
 * Returns the lines of a page, with those of code blocks marked. As in CommonMark, a block ends at
 * a fence of the same character that is at least as long and has no info string.
 */
export function markdownLines(page: string): readonly MarkdownLine[] {
  let opened = '';
  return page.split('\n').map((text, index) => {
    const [, fence = '', info = ''] = FENCE.exec(text) ?? [];
    const inside = opened !== '';
    if (!inside && fence !== '' && !(fence.startsWith('`') && info.includes('`'))) opened = fence;
    else if (inside && fence.startsWith(opened) && info.trim() === '') opened = '';
    return { text, number: index + 1, code: inside || opened !== '' };
  });
}
