import { randomUUID } from 'node:crypto';

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { freePort } from '../../../infrastructure/addresses.ts';
import { createRequest, jane } from '../../support/documents.ts';
import { runningWorker } from '../../support/running-worker.ts';
import { Queues } from '../dead-letters/letters.ts';
import { axeFindings, openPage, startBrowser, type OpenPage } from './browser.ts';
import { startConsole, type TestConsole } from './console-process.ts';

const port = await freePort();
const running = runningWorker({ HTTP_PORT: String(port) });
const queues = Queues.forSuite(running.names);
let browser: Browser;
let server: TestConsole;
let open: OpenPage;
let page: Page;

beforeAll(async () => {
  const args = ['--metrics', `http://127.0.0.1:${port}/metrics`, '--undo', '30'];
  [browser, server] = await Promise.all([
    startBrowser(),
    startConsole(running.names, args, { MONGODB_URL: running.names.mongodbUrl }),
  ]);
  open = await openPage(browser, server);
  page = open.page;
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

/** Opens a section as a person does, and waits until it shows `text`. */
async function section(name: string, text: string | RegExp): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
  await page.getByRole('main').getByText(text).first().waitFor();
}

/** What a page writes that shows a value that it does not have. */
const NO_VALUE = /null|undefined|NaN|\[object/;
const MALFORMED = '<request method="contact.get">\n  <contact_id>1</contact>\n</request>';

describe('the page in Chromium', () => {
  test('the overview shows live figures and the plots', async () => {
    await running.requester.request(createRequest());
    await section('Overview', 'All workers consume');
    await page.getByRole('row', { name: /^contact\.create / }).waitFor();
    expect(await page.locator('.uplot canvas').count()).toBe(3);
    await expect.poll(() => page.locator('.figure', { hasText: 'Workers' }).innerText()).toContain('1 / 1');
    expect(await page.locator('.figure', { hasText: 'Oldest request' }).innerText()).toContain('no request waits');
  });

  test('a letter is discarded by keyboard alone, and the action is undone', async () => {
    await queues.bury('INTERNAL_ERROR', { messageId: randomUUID() });
    await section('Dead letters', '1 letter, read');
    await page.getByRole('button', { name: 'Discard all 1 that match…' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('1 letter will be removed for good').waitFor();
    expect(await dialog.innerText()).not.toMatch(NO_VALUE);
    expect(await axeFindings(page)).toEqual([]);
    // The dialog holds the focus, on its confirmation.
    await page.keyboard.press('Enter');
    await page.getByText('1 letter will be discarded').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('Undone: nothing was changed').waitFor();
    // The page reads the queue again, and holds the letter meanwhile.
    await expect.poll(() => queues.depths()).toMatchObject({ dead: 1 });
  });

  test('by keyboard alone a person looks at one group of letters, and acts on it', async () => {
    await queues.buryMany(3);
    await section('Activity', 'What people did');
    await section('Dead letters', 'By cause');
    await expect.poll(() => page.title()).toBe('! Dead letters · Contacts console');
    const group = page.getByRole('button', { name: 'Show 2 letters: INTERNAL_ERROR contact.create' });
    await group.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Only the group').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Show all groups');
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Send back all 2 that match…' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByText('2 letters will go back to the request queue').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Tab');
    await page.getByRole('button', { name: 'Show all groups' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('3 letters, read').waitFor();
  });

  test('personal data is hidden until it is asked for', async () => {
    const reference = await queues.bury('ANSWER_REFUSED', { messageId: randomUUID() });
    await section('Activity', 'What people did');
    // A letter that the page held while the queue was purged may be there, too.
    await section('Dead letters', reference);
    await page.getByRole('button', { name: reference }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('<email>•••</email>').waitFor();
    expect(await page.content()).not.toContain(jane.email);
    expect(await dialog.innerText()).not.toMatch(NO_VALUE);
    expect(await axeFindings(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Show personal data' }).click();
    await dialog.getByText(jane.email).first().waitFor();
    expect(server.audit().at(-1)).toMatchObject({ event: 'personal-data-shown', letter: reference, operator: 'Tess' });
    await dialog.getByRole('link', { name: 'What happened to it?' }).click();
    await page.getByRole('heading', { name: `What is known of ${reference}` }).waitFor();
    await page.getByText('its answer could not be delivered, so it had run').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  });

  test('the fault of a document is marked at its line and column', async () => {
    await section('Try a document', 'Document');
    await page.getByLabel('Document').fill(MALFORMED);
    await page.getByRole('button', { name: 'Send to a worker' }).click();
    await page.getByRole('heading', { name: /^The worker answered fail in/ }).waitFor();
    expect(await page.locator('.faulty').innerText()).toContain('<contact_id>1</contact>');
    expect(await page.locator('mark').count()).toBe(1);
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: /MALFORMED_XML at 2:/ }).click();
    const cursor = await page
      .getByLabel('Document')
      .evaluate((area: { selectionStart?: number }) => area.selectionStart);
    expect(MALFORMED.slice(0, cursor).split('\n')).toHaveLength(2);
  });

  test('nothing of it broke its own policy or asked another server', () => {
    expect(open.problems).toEqual([]);
  });
});

const LOOKS = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['phone', { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
] as const;

describe.each(LOOKS)('%s', (_, look) => {
  test('axe finds nothing in any section, and nothing is wider than the page', async () => {
    await queues.bury('REPLY_TO_NOT_ALLOWED', { messageId: randomUUID() });
    const opened = await openPage(browser, server, look);
    try {
      await opened.page.locator('.figures .value').first().waitFor();
      for (const [name, text] of SECTIONS) {
        await opened.page.goto(`${server.url}/#/${name}`);
        await opened.page.getByRole('main').getByText(text).first().waitFor();
        expect({ name, findings: await axeFindings(opened.page) }).toEqual({ name, findings: [] });
        expect({ name, text: await opened.page.innerText('body') }).toEqual({
          name,
          text: expect.not.stringMatching(NO_VALUE),
        });
        const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect({ name, overflow: await opened.page.evaluate(overflow) }).toEqual({ name, overflow: 0 });
      }
      expect(opened.problems).toEqual([]);
    } finally {
      await opened.page.context().close();
    }
  });
});

const SECTIONS = [
  ['overview', 'Workers'],
  ['dead-letters', /letters?, read/],
  ['find', 'Reference, message id'],
  ['send', 'Checking reads'],
  ['activity', 'signed in'],
] as const;

test('the sign-in page has no finding, and names a wrong token', async () => {
  const context = await browser.newContext();
  const signIn = await context.newPage();
  await signIn.goto(server.url);
  expect(await axeFindings(signIn)).toEqual([]);
  await signIn.getByLabel('Token').fill('wrong');
  await signIn.keyboard.press('Enter');
  await signIn.getByRole('alert').getByText('The token is wrong').waitFor();
  expect(await axeFindings(signIn)).toEqual([]);
  await context.close();
});
