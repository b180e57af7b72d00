import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

import { ensureChromium } from '../../../infrastructure/chromium.ts';
import type { TestConsole } from './console-process.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Starts a headless Chromium; as root it cannot have its sandbox. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: await ensureChromium(),
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  });
}

/** A signed-in page, and what went wrong in it so far. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, refusals of the content security policy, and requests to anywhere else. */
  readonly problems: string[];
}

/** Signs in by the form, as a person does. */
export async function openPage(
  browser: Browser,
  console: TestConsole,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  page.on('request', (request) => request.url().startsWith(console.url) || problems.push(`asked ${request.url()}`));
  await page.goto(console.url);
  await page.getByLabel('Your name').fill('Tess');
  await page.getByLabel('Token').fill(console.token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor();
  return { page, problems };
}

/** What axe finds, one line each; empty where nothing. */
export async function axeFindings(page: Page): Promise<string[]> {
  // By the DevTools protocol: the page's own policy lets no other script in.
  await page.evaluate(`if (globalThis.axe === undefined) { ${AXE} }`);
  const { violations } = await page.evaluate((rules) => {
    const { axe } = globalThis as unknown as { readonly axe: { run(options: unknown): Promise<AxeResults> } };
    return axe.run({ runOnly: rules });
  }, RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
