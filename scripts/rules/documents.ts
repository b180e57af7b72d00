import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import { markdownLines } from './markdown.ts';
import { projectFiles } from './project-files.ts';

/**
 * Paths in these folders are recognised in backticks and at the start of a line of a code block.
 */
const PATH =
  /(?<![\w./@{}-])(?:src|test|docs|chaos|bench|infrastructure|scripts|config|deploy)\/(?:\{[^\s{}]*\}|[^\s`'"),;|{}])*/g;
const LINK = /\]\(([^()\s]+)(?: "[^"]*")?\)|^\[[^\]]+\]:\s*(\S+)/g;

const INDEX = 'docs/README.md';

/**
 * Returns links and paths in the Markdown files whose target does not exist; one problem per place.
 * In a path, `*` or `…` stands for any text, `<name>` for a name and `{a,b}` for alternatives, each
 * of which must exist. A missing index is a problem, as it shows that no documents were read.
 */
export function documentProblems(root: string): string[] {
  const files = projectFiles(root);
  const known = new Set(files.flatMap((path) => [path, ...foldersOf(path)]));
  const pages = files.filter((path) => path.endsWith('.md'));
  if (!pages.includes(INDEX)) return [`missing-page: ${INDEX}\n  This page is the index of the documents.`];
  return pages.flatMap((path) => problemsOf(root, path, known));
}

function foldersOf(path: string): string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? [] : [folder, ...foldersOf(folder)];
}

function problemsOf(root: string, page: string, known: ReadonlySet<string>): string[] {
  return markdownLines(readFileSync(join(root, page), 'utf8')).flatMap(({ text, number, code }) => {
    const paths = code ? pathAtStart(text) : pathsInBackticks(text);
    const links = code ? [] : linksIn(text);
    const place = `${page}:${number}`;
    return [
      ...links
        .filter((link) => !exists(posix.join(posix.dirname(page), link), known))
        .map((link) => `broken-link: ${place}\n  There is no ${link} beside ${page}.`),
      ...paths
        .filter((path) => !exists(path, known))
        .map((path) => `missing-path: ${place}\n  There is no ${path} in this project.`),
    ];
  });
}

/** Returns the relative targets of a line's links, without anchors. */
function linksIn(line: string): string[] {
  return [...line.replaceAll(/`[^`]*`/g, '').matchAll(LINK)]
    .map(([, inline, reference]) => (inline ?? reference ?? '').split('#', 1)[0] ?? '')
    .filter((link) => link !== '' && !/^[a-z][a-z\d+.-]*:/i.test(link));
}

function pathsInBackticks(line: string): string[] {
  return [...line.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => [...code.matchAll(PATH)].map(([path]) => path));
}

/** A map of folders lists one path per line of a code block. */
function pathAtStart(line: string): string[] {
  const [word = ''] = line.split(/\s/, 1);
  return [...word.matchAll(PATH)].filter(({ index }) => index === 0).map(([path]) => path);
}

function exists(path: string, known: ReadonlySet<string>): boolean {
  const plain = posix.normalize(
    path
      .replace(/:\d+(?:-\d+)?$/, '')
      .replace(/#.*$/, '')
      .replace(/[.:]$/, ''),
  );
  return alternatives(plain.replace(/\/$/, '')).every((one) => {
    if (!/[*…<]/.test(one)) return one === '.' || known.has(one);
    const pattern = new RegExp(
      `^${one
        .split(/(?:\*+|…|<[^>]*>)/)
        .map(escaped)
        .join('.*')}$`,
    );
    return [...known].some((file) => pattern.test(file));
  });
}

/** `a{b,c}` is `ab` and `ac`. */
function alternatives(path: string): string[] {
  const [, before, choices, after] = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path) ?? [];
  if (before === undefined || choices === undefined || after === undefined) return [path];
  return choices.split(',').flatMap((choice) => alternatives(`${before}${choice}${after}`));
}

function escaped(text: string): string {
  return text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
}
