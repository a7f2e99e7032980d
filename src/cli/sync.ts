/** `linkspan sync`: one user, or everybody in a target, carried on now by the server that runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { readPeople } from '../directory/people.ts';
import { demandTarget, isServed, progressOf, type TargetProgress } from '../sync/admin/on-demand.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { carriedOnText, carryOn } from './carry-on.ts';
import { columnsOf, factText } from './facts.ts';
import { progressBar } from './progress.ts';
import { bad, bold, good, print, printJson, withApp } from './terminal.ts';
import { requireUser, seconds, USER } from './users.ts';

interface Options {
  user?: string;
  target?: string;
  wait?: number;
  json?: boolean;
}

const USER_WAITS = 30;
const TARGET_WAITS = 3_600;
const LOOK_MS = 500;

export const sync = () =>
  new Command('sync')
    .description('have one user, or everybody in a target, looked at and made true now')
    .argument('<tenant>')
    .option('--user <user>', `this one: ${USER}`)
    .option('--target <name>', 'everybody in this target; with --user: wait for this target alone')
    .option(
      '--wait <seconds>',
      `for how long to wait: ${USER_WAITS} for a user, ${TARGET_WAITS} for a target, 0 not at all`,
      seconds,
    )
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExits 1 where it ends unsettled; the server goes on with it all the same.')
    .action((tenant: string, { user, target, wait, json }: Options) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        if (user !== undefined) {
          const done = await syncUser(app, { tenant, user, target }, (wait ?? USER_WAITS) * 1_000);
          if (json) printJson(done);
          else print(carriedOnText(done, columnsOf()));
          if (!done.settled) process.exitCode = 1;
        } else if (target !== undefined) {
          const done = await syncTarget(app, tenant, target, (wait ?? TARGET_WAITS) * 1_000);
          if (json) printJson(done);
          else print(targetText(done, columnsOf()));
          if (!done.isSettled) process.exitCode = 1;
        } else throw new AdminError('Say whom: --user <user>, or --target <name> for everybody in a target.');
      }),
    );

async function syncUser(
  app: App,
  { tenant, user, target }: { tenant: string; user: string; target: string | undefined },
  waitMs: number,
) {
  const userId = await requireUser(app, tenant, user);
  const person = (await readPeople(app.store.read, tenant, [userId])).get(userId);
  const targets =
    target === undefined
      ? await app.store.read.selectFrom('targets').select('id').where('tenant', '=', tenant).execute()
      : [await requireTarget(app.store, tenant, target)];
  const userName = String(person?.resource.userName ?? user);
  return carryOn(app, { tenant, userId, userName, targets: targets.map(({ id }) => id) }, waitMs);
}

interface SyncedTarget extends TargetProgress {
  target: string;
  served: boolean;
  timedOut: boolean;
  isSettled: boolean;
}

async function syncTarget({ store }: App, tenant: string, name: string, waitMs: number): Promise<SyncedTarget> {
  const { id } = await requireTarget(store, tenant, name);
  const demand = await demandTarget(store, tenant, id);
  const until = demand.at + waitMs;
  const bar = progressBar();
  try {
    for (;;) {
      const progress = await progressOf(store, tenant, id, demand, until);
      const isOpen = progress.isFindingOut || progress.open > 0;
      const served = !isOpen || (await isServed(store));
      const timedOut = isOpen && served && (await store.now()) >= until;
      if (!isOpen || !served || timedOut || progress.paused !== null) {
        const isSettled = !isOpen && progress.later + progress.failed + progress.held + progress.manual === 0;
        return { target: name, ...progress, served, timedOut, isSettled };
      }
      const ended = progress.settled + progress.later + progress.failed + progress.held + progress.manual;
      bar.show(name, ended, progress.isFindingOut ? null : ended + progress.open);
      await sleep(LOOK_MS);
    }
  } finally {
    bar.clear();
  }
}

function targetText(done: SyncedTarget, columns: number): string {
  const { target, settled, open, later, failed, held, manual, paused, served, timedOut, isFindingOut } = done;
  const facts: [label: string, count: number, text: string][] = [
    ['settled', settled, good(String(settled))],
    ['open', open, `${open}${isFindingOut ? ', and others may follow' : ''}`],
    ['tried later', later, bad(`${later}: an attempt failed`)],
    ['need a person', failed, bad(String(failed))],
    ['held back', held, bad(`${held}: see linkspan hold`)],
    ['by hand', manual, bad(`${manual}: see linkspan action`)],
  ];
  const note = !served
    ? 'No server is running (linkspan serve). The wish is kept: the next one to start makes it so.'
    : paused !== null
      ? `The target stands still: ${paused}`
      : timedOut
        ? 'It is not settled yet; the server goes on with it.'
        : null;
  return [
    `${bold(target)}  ${done.isSettled ? good('settled') : bad('not settled')}`,
    ...facts
      .filter(([label, count]) => count > 0 || label === 'settled')
      .map(([label, , text]) => factText([label, text], columns)),
    ...(note ? ['', bad(note)] : []),
  ].join('\n');
}
