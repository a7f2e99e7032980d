import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../compliance/model.ts';
import { badge } from '../../compliance/reports/badge.ts';
import { curl } from '../../compliance/reports/curl.ts';
import { html } from '../../compliance/reports/html/html.ts';
import { junit } from '../../compliance/reports/junit.ts';
import { printable } from '../../compliance/reports/printable.ts';
import { outcomeOf } from '../../compliance/reports/score.ts';
import { openBrowser } from './reports-browser.ts';
import { sampleRun } from './reports-sample.ts';

/** What a server might answer that wishes ill to whoever reads the report. */
const HOSTILE = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked=2">',
  '"><svg onload=window.hacked=3>',
  "' onmouseover='window.hacked=4' x='",
  '</pre></details></script></style></title><script>window.hacked=5</script>',
  '<!--<script>',
  '&lt;b&gt;&#0;',
  '\u202E\u0000\u0007\u001b[31m\ud800\u2028\uFFFF',
  ']]>',
  'javascript:window.hacked=6',
].join(' ');

let browser: Browser;
let folder: string;
beforeAll(async () => {
  browser = await openBrowser();
  folder = await mkdtemp(path.join(tmpdir(), 'linkspan-report-'));
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

interface Opened {
  page: Page;
  /** Errors and warnings of the console, and exceptions. */
  complaints: string[];
  requests: string[];
}

/** The page as a file, the way it is read. */
async function opened(run: Run, options: BrowserContextOptions = {}, hash = ''): Promise<Opened> {
  const file = path.join(folder, `${Math.random()}.html`);
  await writeFile(file, html(run));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(`file://${file}${hash}`);
  return { page, complaints, requests };
}

/** Everything that can be opened is, and what is drawn late is drawn. */
async function openAll(page: Page): Promise<void> {
  await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true;
    for (const each of document.querySelectorAll('.card, .group')) each.style.contentVisibility = 'visible';`);
}

describe('the page', () => {
  it('asks the network for nothing and says nothing on the console', async () => {
    const { page, complaints, requests } = await opened(sampleRun());
    await openAll(page);
    await page.getByRole('searchbox', { name: 'Search' }).fill('patch');
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !url.startsWith('file:') && url !== 'data:,')).toEqual([]);
    expect(requests.filter((url) => url.startsWith('file:'))).toHaveLength(1);
  });

  it('shows what fails first, with the place in the RFC, what was found and what to do', async () => {
    const run = sampleRun();
    const { page } = await opened(run);
    const titles = await page.locator('main h2').allTextContents();
    expect(titles.map((title) => title.replace(/ \d+$/, ''))).toEqual([
      'Left behind on the server',
      'Score by level',
      'Score by feature',
      'What is not met',
      'What should be better',
      'What is decided otherwise',
      'What was not tried',
      'What passed',
      'What cannot be seen from outside',
    ]);
    const card = page.locator('.card', { hasText: 'create/location' });
    const text = await card.textContent();
    expect(text).toContain('Expected the header Location');
    expect(text).toContain('Send an absolute Location header with every 201.');
    expect(await card.getByRole('link', { name: 'RFC 7644, section 3.3' }).getAttribute('href')).toBe(
      'https://www.rfc-editor.org/rfc/rfc7644#section-3.3',
    );
    const waived = await page.locator('.card.waived').textContent();
    expect(waived).toContain('Entra sends replace for values that were never set');
    expect(waived).toContain('design/decisions.md');
    const whole = (await page.locator('main').textContent()) ?? '';
    expect(whole).toContain('It does not advertise sort.');
    expect(whole).toContain("A server's logs cannot be seen from outside.");
    for (const { title } of run.results) expect(whole).toContain(title);
  });

  it('is whole where all is well', async () => {
    const { page, complaints } = await opened(sampleRun({ clean: true }));
    expect(await page.locator('.lead').innerText()).toBe('All 27 MUSTs that were tried are met.');
    expect(await page.locator('.card').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('runs nothing that a server sent, even where the policy is not obeyed', async () => {
    const { page, complaints } = await opened(sampleRun({ hostile: HOSTILE }), { bypassCSP: true });
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await openAll(page);
    await page.evaluate(
      `for (const each of document.querySelectorAll('*')) each.dispatchEvent(new Event('mouseover'))`,
    );
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    // Every element is one of ours.
    expect(
      await page.evaluate(
        `[...document.querySelectorAll('script, img, iframe, svg:not(.bar), [onload], [onerror], [onmouseover]')].length`,
      ),
    ).toBe(1);
    const links = await page.locator('a').evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''));
    expect(links.filter((href) => !/^(#|https:\/\/www\.rfc-editor\.org\/)/.test(href))).toEqual([]);
    // What was sent can still be read, and what cannot be seen has a name.
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text.includes('<script>window.hacked = 1</script>')).toBe(true);
    expect(text.includes('\u2039U+202E\u203a\u2400\u2407\u241b[31m')).toBe(true);
    expect(printable(text) === text).toBe(true);
    expect(asked).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('links to nothing but the web', async () => {
    const run = sampleRun();
    const requirements = run.requirements.map((each) => ({ ...each, url: 'javascript:window.hacked=1' }));
    expect(html({ ...run, requirements }).includes('href="javascript:')).toBe(false);
  });

  it('is read without JavaScript: everything but the filter and the copying', async () => {
    const { page } = await opened(sampleRun(), { javaScriptEnabled: false });
    expect(await page.getByRole('searchbox', { name: 'Search' }).isVisible()).toBe(false);
    const exchange = page.locator('.card details.exchange').first();
    await exchange.locator('summary').first().click();
    expect(await exchange.getByText('"schemas"').first().isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Copy as curl' }).count()).toBe(0);
    await exchange.getByText('As a curl command').click();
    expect(await exchange.locator('.curl').isVisible()).toBe(true);
  });

  it('finds checks by words, result, feature and level', async () => {
    const run = sampleRun();
    const { page } = await opened(run);
    const shown = () => page.locator('[data-item]:not([hidden])').evaluateAll((all) => all.map((each) => each.id));
    await page.getByRole('combobox', { name: 'Feature' }).selectOption('PATCH');
    expect(await shown()).toEqual(['check/patch/remove-member', 'check/patch/no-target', 'check/patch/atomic']);
    await page.getByRole('combobox', { name: 'Result' }).selectOption('Failed');
    expect(await shown()).toEqual(['check/patch/remove-member']);
    expect(await page.getByRole('status').innerText()).toBe('1 of 39 shown');
    expect(await page.getByRole('heading', { name: 'What passed' }).isVisible()).toBe(false);
    expect(await page.getByRole('heading', { name: 'What is not met' }).textContent()).toBe('What is not met 1 of 5');
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(async () => (await shown()).length).toBe(39);
    await page.getByRole('searchbox', { name: 'Search' }).fill('rfc7644-3.14-1');
    expect(await shown()).toEqual(['check/etag/stale']);
    await page.getByRole('searchbox', { name: 'Search' }).fill('no such thing');
    expect(await page.getByRole('status').innerText()).toContain('Nothing fits');
    await page.getByRole('searchbox', { name: 'Search' }).fill('');
    await page.getByRole('combobox', { name: 'Level' }).selectOption('MAY');
    expect(await shown()).toEqual(['check/sort/ascending', 'check/groups/nested', 'check/me/answers']);
    await page.getByRole('link', { name: 'Versions' }).click();
    expect(await shown()).toEqual(['check/etag/stale', 'check/etag/not-modified']);
  });

  it('opens the check that a link leads to, also where it was filtered out', async () => {
    const { page } = await opened(sampleRun(), {}, '#check/read/by-id');
    const line = page.locator('[id="check/read/by-id"]');
    expect(await line.getAttribute('open')).not.toBeNull();
    await page.getByRole('combobox', { name: 'Feature' }).selectOption('PATCH');
    expect(await line.isVisible()).toBe(false);
    await page.evaluate(`location.hash = '#check/replace/whole'`);
    await expect.poll(() => page.locator('[id="check/replace/whole"]').getAttribute('open')).not.toBeNull();
    expect(await line.isVisible()).toBe(true);
    const marks = page.locator('.marks a');
    for (const href of await marks.evaluateAll((all) => all.map((each) => each.getAttribute('href') ?? ''))) {
      expect(await page.locator(`[id="${href.slice(1)}"]`).count()).toBe(1);
    }
  });

  it('copies a request as curl', async () => {
    const run = sampleRun();
    const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html(run)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const context = await browser.newContext();
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
      const page = await context.newPage();
      await page.goto(origin);
      const card = page.locator('[id="check/users/name-case"]');
      await card.locator('details.exchange summary').first().click();
      await card.getByRole('button', { name: 'Copy as curl' }).click();
      await card.getByRole('button', { name: 'Copied' }).waitFor();
      const result = run.results.find(({ check }) => check === 'users/name-case');
      const shows = result?.exchanges[result.findings[0]?.exchange ?? 0];
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe(shows && curl(shows));
    } finally {
      server.close();
    }
  });
});

describe('the page on every screen', () => {
  it.each([320, 360, 768, 1280])('does not scroll sideways at %i pixels, with everything open', async (width) => {
    const long = { ...sampleRun({ hostile: `${'W'.repeat(300)} ${HOSTILE}` }) };
    for (const run of [sampleRun(), long]) {
      const { page } = await opened(run, { viewport: { width, height: 700 } });
      await openAll(page);
      const wide = `[...document.querySelectorAll('body *')].filter((each) => !each.closest('.vh, .jump, thead') && each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.outerHTML.slice(0, 200))`;
      expect(await page.evaluate(wide)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  });

  it.each(['light', 'dark'] as const)('has a contrast of 4.5 for every text, %s', async (colorScheme) => {
    const { page } = await opened(sampleRun(), { colorScheme });
    await openAll(page);
    const texts = (await page.evaluate(CONTRASTS)) as { text: string; ratio: number }[];
    expect(texts.length).toBeGreaterThan(200);
    expect(texts.filter(({ ratio }) => ratio < 4.5)).toEqual([]);
  });

  it('prints what shows a fault, and not what only a screen can use', async () => {
    const { page } = await opened(sampleRun());
    await page.emulateMedia({ media: 'print' });
    expect(await page.getByRole('searchbox', { name: 'Search' }).isVisible()).toBe(false);
    const height = `document.querySelector('.card .evidence').getBoundingClientRect().height`;
    expect(await page.evaluate(height)).toBeGreaterThan(200);
    await page.emulateMedia({ media: 'screen' });
    expect(await page.evaluate(height)).toBeLessThan(100);
  });

  it('does not move for those who asked for less motion', async () => {
    const { page } = await opened(sampleRun(), { reducedMotion: 'reduce' });
    expect(await page.evaluate('getComputedStyle(document.documentElement).scrollBehavior')).toBe('auto');
    const moving = `[...document.querySelectorAll('*')].filter((each) => /[1-9]/.test(getComputedStyle(each).transitionDuration + getComputedStyle(each).animationDuration)).length`;
    expect(await page.evaluate(moving)).toBe(0);
  });
});

describe('the page for everybody', () => {
  it('is used by keyboard alone', async () => {
    const { page } = await opened(sampleRun());
    const focused = () => page.evaluate('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the checks');
    await page.keyboard.press('Enter');
    for (let press = 0; press < 6; press++) await page.keyboard.press('Tab');
    expect(await focused()).toContain('cannot be seen');
    await page.keyboard.press('Tab');
    await page.keyboard.type('location');
    expect(await page.locator('[data-item]:not([hidden])').count()).toBe(1);
    const inCard = `document.activeElement.closest('.card') && document.activeElement.matches('summary')`;
    for (let press = 0; press < 12 && !(await page.evaluate(inCard)); press++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('.card:not([hidden]) details.exchange').first().getAttribute('open')).not.toBeNull();
    const ring = await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`);
    expect(ring).toBe('solid');
  });

  it('has landmarks, headings in order, names for all controls and no id twice', async () => {
    const { page } = await opened(sampleRun());
    for (const role of ['banner', 'main', 'navigation', 'search', 'contentinfo'] as const) {
      expect(await page.getByRole(role).count(), role).toBe(1);
    }
    const levels = (await page.evaluate(
      `[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((each) => Number(each.tagName[1]))`,
    )) as number[];
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
    const unnamed = `[...document.querySelectorAll('input, select, button, a')].filter((each) => !(each.labels?.length || each.textContent.trim())).length`;
    expect(await page.evaluate(unnamed)).toBe(0);
    const twice = `(() => { const ids = [...document.querySelectorAll('[id]')].map((each) => each.id); return ids.filter((id, index) => ids.indexOf(id) !== index) })()`;
    expect(await page.evaluate(twice)).toEqual([]);
    expect(await page.evaluate('document.documentElement.lang')).toBe('en');
  });

  it('says every result in words, not by its colour', async () => {
    const run = sampleRun();
    const { page } = await opened(run);
    const words = { FAIL: 'Failed', WARN: 'Warning', WAIVED: 'Waived', PASS: 'Passed' };
    for (const result of run.results) {
      const outcome = outcomeOf(result);
      if (outcome === 'SKIP') continue;
      expect(await page.locator(`[id="check/${result.check}"]`).textContent()).toContain(words[outcome]);
    }
    const row = page.getByRole('row', { name: /^Versions/ });
    expect((await row.textContent())?.replaceAll(/\s+/g, ' ')).toContain('0 met of /1Not met: Answers 412');
  });
});

describe('the page of a large run', () => {
  it('stays below 10 MB with 300 checks and 2,000 exchanges, and says what it left out', async () => {
    const run = sampleRun({ times: 9, exchangesPerCheck: 7, bodySize: 30_000 });
    expect(run.results.length).toBeGreaterThan(300);
    expect(run.results.flatMap(({ exchanges }) => exchanges).length).toBeGreaterThan(2_000);
    const text = html(run);
    expect(Buffer.byteLength(text)).toBeLessThan(10_000_000);
    expect(text.includes('is left out to keep this page small')).toBe(true);
    const { page, complaints } = await opened(run);
    expect(await page.locator('details.exchange[open]').count()).toBe(0);
    await page.getByRole('combobox', { name: 'Result' }).selectOption('Failed');
    expect(await page.locator('.card.fail:visible').count()).toBe(45);
    expect(complaints).toEqual([]);
  });

  it('cuts a body of more than 20 kB, and says so', async () => {
    const text = html(sampleRun({ bodySize: 25_000 }));
    expect(text.includes('Cut after 20,000 characters; the body has 26 kB.')).toBe(true);
    const longest = Math.max(...(text.match(/x+/g) ?? []).map((run) => run.length));
    expect(longest).toBeGreaterThan(19_000);
    expect(longest).toBeLessThan(20_000);
    expect(text.includes('too long to show it as a curl command')).toBe(true);
  });
});

describe('the XML reports', () => {
  /** The browser's own parser. @returns what it says is wrong; null: nothing. */
  async function wrong(xml: string): Promise<string | null> {
    const { page } = await opened(sampleRun({ clean: true }));
    return page.evaluate(
      ([source]) => {
        const { DOMParser: Parser } = globalThis as unknown as {
          DOMParser: new () => {
            parseFromString(
              text: string,
              type: string,
            ): { querySelector(name: string): { textContent: string } | null };
          };
        };
        return (
          new Parser().parseFromString(source ?? '', 'application/xml').querySelector('parsererror')?.textContent ??
          null
        );
      },
      [xml],
    );
  }

  it('are well-formed, whatever the server sent', async () => {
    for (const run of [sampleRun(), sampleRun({ hostile: HOSTILE, profile: 'okta' }), sampleRun({ clean: true })]) {
      expect(await wrong(junit(run))).toBeNull();
      expect(await wrong(badge(run))).toBeNull();
    }
    expect(await wrong('<a>&nbsp;</a>')).not.toBeNull();
  });

  it('show the badge with its words inside its box', async () => {
    for (const run of [sampleRun(), sampleRun({ clean: true }), { ...sampleRun(), results: [] }]) {
      const { page } = await opened(sampleRun({ clean: true }));
      await page.setContent(badge(run));
      const boxes = (await page.evaluate(
        `[...document.querySelectorAll('text')].map((each, index) => { const a = each.getBoundingClientRect(), b = document.querySelectorAll('rect')[index + 1].getBoundingClientRect(); return [a.left - b.left, b.right - a.right] })`,
      )) as number[][];
      expect(boxes).toHaveLength(2);
      for (const gap of boxes.flat()) expect(gap).toBeGreaterThan(4);
    }
    expect(badge(sampleRun())).toContain('21 of 27 MUST, 1 waived');
    expect(badge(sampleRun({ clean: true }))).toContain('27 of 27 MUST');
    expect(badge({ ...sampleRun(), results: [] })).toContain('not measured');
  });
});

/** Of each visible piece of text: its contrast with what is painted behind it. */
const CONTRASTS = `(() => {
  const parse = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = parse(getComputedStyle(each).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest('.vh, script, style, option') || !element.checkVisibility()) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    found.push({ text: walker.currentNode.data.trim().slice(0, 60), ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) });
  }
  return found;
})()`;
