import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly text: string;
}

// The same relative place from src/ and from dist/.
const FOLDER = new URL('../../console/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The files that may be asked for; nothing else in any folder can be. */
const FILES = [
  'app.js',
  'chart.js',
  'confirm.js',
  'dom.js',
  'groups.js',
  'icon.svg',
  'jobs.js',
  'letter.js',
  'letters.js',
  'live.js',
  'lookup.js',
  'overview.js',
  'send.js',
  'server.js',
  'style.css',
] as const;

const UPLOT = { 'uplot.js': 'uPlot.esm.js', 'uplot.css': 'uPlot.min.css' } as const;

/** Reads all files of the page. They are the same for everybody, and hold no data. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const uplot = new URL('dist/', pathToFileURL(createRequire(import.meta.url).resolve('uplot/package.json')));
  return new Map([
    ...FILES.map((name) => [name, file(name, new URL(name, FOLDER))] as const),
    ...Object.entries(UPLOT).map(([name, path]) => [name, file(name, new URL(path, uplot))] as const),
  ]);
}

/** A page with the values filled in, which are escaped. */
export function readPage(name: 'index.html' | 'login.html'): (values?: Readonly<Record<string, string>>) => string {
  const { text } = file(name, new URL(name, FOLDER));
  return (values = {}) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => escapeHtml(values[key] ?? ''));
}

function file(name: string, url: URL): PageFile {
  const [, extension = ''] = /\.(\w+)$/.exec(name) ?? [];
  return { type: TYPES[extension] ?? 'application/octet-stream', text: readFileSync(url, 'utf8') };
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** All that is served to those without a session, too; and the page itself. */
export interface Pages {
  readonly files: ReadonlyMap<string, PageFile>;
  readonly index: ReturnType<typeof readPage>;
  readonly login: ReturnType<typeof readPage>;
}

/** Throws where a file is missing. */
export function readPages(): Pages {
  return { files: readPageFiles(), index: readPage('index.html'), login: readPage('login.html') };
}
