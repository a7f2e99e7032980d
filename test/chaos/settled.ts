/** Whether the connectors say that all is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { asking } from './sandbox.ts';

/** @returns milliseconds that it took. @throws after `withinMs`, with what is open. */
export async function whenSettled(urls: readonly string[], withinMs: number): Promise<number> {
  const begun = Date.now();
  for (;;) {
    const open = (await Promise.all(urls.map((url) => gauge(url, 'linkspan_accounts_unsettled')))).flat();
    const left = open.filter((line) => !line.endsWith(' 0'));
    if (open.length > 0 && left.length === 0) return Date.now() - begun;
    if (Date.now() - begun > withinMs) throw new Error(`after ${withinMs / 1_000} s: ${left.join('; ')}`);
    await sleep(200);
  }
}

/** The lines of one metric, with their labels. */
export async function gauge(url: string, name: string): Promise<string[]> {
  const text = await (await asking(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`${name}{`));
}
