/** A real browser for the tests of the page. */
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** The package holds a Chromium for Linux on x64, and unpacks it under the temporary folder; elsewhere it is the Chrome that is installed. */
export async function openBrowser(): Promise<Browser> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return playwright.launch({ channel: 'chrome' });
  chromium.setGraphicsMode = false;
  const executablePath = await chromium.executablePath();
  // The package's own arguments are for functions in a cloud: one process, which ends when a context is closed.
  return playwright.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}
