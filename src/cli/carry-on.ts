/** Has one user carried on now, waits until that is settled, and tells what came of it: `explain --apply` and `sync --user`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../app.ts';
import { type Demand, demandUser, isServed, type Standing, standingOf } from '../sync/admin/on-demand.ts';
import { callText, lastText } from './explain-text.ts';
import { type Fact, factText, INDENT } from './facts.ts';
import { createProgress } from './progress.ts';
import { bad, bold, dim, good, when } from './terminal.ts';

export interface CarriedOn extends Demand {
  targets: Standing[];
  /** False: no server runs, so it waits for one. */
  served: boolean;
  timedOut: boolean;
  /** Everything wanted has been made true. */
  settled: boolean;
}

export interface Whom {
  tenant: string;
  userId: string;
  userName: string;
  /** Ids of the targets to wait for. */
  targets: readonly string[];
}

const LOOK_MS = 100;

export async function carryOn({ store }: App, { tenant, userId, userName, targets }: Whom, waitMs: number) {
  const demand = await demandUser(store, tenant, userId, 'cli');
  const progress = createProgress();
  const until = demand.at + waitMs;
  for (;;) {
    const standings = await standingOf(store, tenant, userId, targets, demand, until);
    const open = standings.filter(({ state }) => state === 'open');
    const served = open.length === 0 || (await isServed(store));
    const timedOut = open.length > 0 && served && (await store.now()) >= until;
    if (open.length === 0 || !served || timedOut) {
      progress.clear();
      const settled = standings.every(({ state }) => state === 'settled' || state === 'none');
      return { ...demand, targets: standings, served, timedOut, settled } satisfies CarriedOn;
    }
    progress.show(`${userName}: waiting for ${open.map(({ target }) => target).join(', ')}`);
    await sleep(LOOK_MS);
  }
}

export function carriedOnText({ targets, served, timedOut, activityId }: CarriedOn, columns: number): string {
  const blocks = targets.map((standing) => [
    `${bold(standing.target)}  ${stateText(standing)}`,
    ...standingFacts(standing, columns - INDENT).map((fact) => factText(fact, columns)),
  ]);
  const note = !served
    ? 'No server is running (linkspan serve). The wish is kept: the next one to start makes it so.'
    : timedOut
      ? 'It is not settled yet; the server goes on with it. Look again with: linkspan explain'
      : null;
  return [
    ...blocks.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines])),
    ...(note ? ['', bad(note)] : []),
    ...(activityId ? ['', dim(`All that came of it: linkspan why ${activityId}`)] : []),
  ].join('\n');
}

function stateText({ state, paused, nextAttemptAt }: Standing): string {
  switch (state) {
    case 'none':
      return 'no account, and none is wanted';
    case 'open':
      return bad('not looked at yet');
    case 'later':
      return bad(`failed; next attempt ${when(nextAttemptAt)}`);
    case 'paused':
      return bad(`paused: ${paused}`);
    case 'failed':
      return bad('needs a person');
    case 'held':
      return bad('held back until an administrator approves');
    case 'manual':
      return bad('something is to be done by hand there: see linkspan action list');
    case 'settled':
      return good('settled');
  }
}

function standingFacts({ state, last, calls }: Standing, room: number): Fact[] {
  if (state === 'none') return [];
  return [['last', lastText(last)], ...calls.map((call): Fact => ['called', callText(call, room)])];
}
