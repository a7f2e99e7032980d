/** `linkspan action`: what people have to do in a target because its system has no call for it. */

import { userInfo } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { type ActionInfo, closedText, listActions, readAction, sayDone } from '../sync/admin/actions.ts';
import { isServed } from '../sync/admin/on-demand.ts';
import { requireTenant } from '../tenancy/tenants.ts';
import { columnsOf, factText } from './facts.ts';
import { createProgress } from './progress.ts';
import { bad, bold, dim, good, print, printJson, table, when, withApp } from './terminal.ts';
import { count, seconds } from './users.ts';

export const action = () =>
  new Command('action')
    .description('what people have to do in a target because its system has no call for it')
    .addCommand(list())
    .addCommand(show())
    .addCommand(done());

const list = () =>
  new Command('list')
    .description('what is to be done by hand, the oldest first')
    .argument('<tenant>')
    .option('--target <name>', 'only in this target')
    .option('--all', 'also what is closed')
    .option('--limit <n>', 'how many', count, 100)
    .option('--json', 'as JSON')
    .action((tenant: string, { json, ...options }: { target?: string; all?: boolean; limit: number; json?: boolean }) =>
      withApp(async ({ store }) => {
        await requireTenant(store, tenant);
        const { actions, total } = await listActions(store, tenant, options);
        if (json) return printJson({ actions, total });
        if (actions.length === 0) return print(`Nothing is to be done by hand for "${tenant}".`);
        print(actionTable(actions));
        if (total > actions.length) print(dim(`\nAnd ${total - actions.length} more; --limit <n> shows them.`));
        print(
          dim(`\nIt closes by itself once the system shows it. Look at once with: linkspan action done ${tenant} <id>`),
        );
      }),
    );

const show = () =>
  new Command('show')
    .description('show one: what to do, for whom, and since when')
    .argument('<tenant>')
    .argument('<id>', 'see: linkspan action list')
    .option('--json', 'as JSON')
    .action((tenant: string, id: string, { json }: { json?: boolean }) =>
      withApp(async ({ store }) => {
        await requireTenant(store, tenant);
        const found = await readAction(store, tenant, id);
        if (json) return printJson(found);
        print(actionText(found, columnsOf()));
      }),
    );

const done = () =>
  new Command('done')
    .description('say that it is done: the system is looked at, and what it shows decides')
    .argument('<tenant>')
    .argument('<id>', 'see: linkspan action list')
    .option('--note <text>', 'kept with it')
    .option('--wait <seconds>', 'for how long to wait for what the system shows; 0: not at all', seconds, 30)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExits 1 where it is still open afterwards.')
    .action((tenant: string, id: string, options: { note?: string; wait: number; json?: boolean }) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const { note = null, wait, json } = options;
        const said = await sayDone(app.store, tenant, id, { by: `cli:${userInfo().username}`, note });
        const { after, served } = await waitFor(app, tenant, said.action, wait * 1_000);
        if (json) printJson({ ...after, activityId: said.activityId, served });
        else print(saidText(tenant, after, { served, waited: wait > 0, activityId: said.activityId }));
        if (after.closedAt === null && wait > 0) process.exitCode = 1;
      }),
    );

const LOOK_MS = 100;

/** Until it is closed, or the system was seen not to show it. */
async function waitFor(
  { store }: App,
  tenant: string,
  { id }: ActionInfo,
  waitMs: number,
): Promise<{ after: ActionInfo; served: boolean }> {
  const until = (await store.now()) + waitMs;
  const progress = createProgress();
  try {
    for (;;) {
      const after = await readAction(store, tenant, id);
      if (after.closedAt !== null || after.shows !== null || waitMs === 0) return { after, served: true };
      const served = await isServed(store);
      if (!served || (await store.now()) >= until) return { after, served };
      progress.show(`${after.user ?? after.userId}: looking at ${after.target}`);
      await sleep(LOOK_MS);
    }
  } finally {
    progress.clear();
  }
}

function saidText(
  tenant: string,
  after: ActionInfo,
  { served, waited, activityId }: { served: boolean; waited: boolean; activityId: string },
): string {
  const more = dim(`All that came of it: linkspan why ${activityId} --tenant ${tenant}`);
  if (after.closedAt !== null) return `${good('Closed')}: ${closedText(after.closedBy)}.\n${more}`;
  if (after.shows !== null) return `${bad('Still open')}: ${stillText(after)}.\n${more}`;
  if (!served) return `${bad('Noted')}: no server is running (linkspan serve); the next one to start looks.`;
  return waited
    ? `${bad('Noted')}: the system has not been looked at yet; see linkspan explain ${after.user ?? after.userId}.\n${more}`
    : `${good('Noted')}: a running server looks within a second.\n${more}`;
}

function stillText({ saidAt, shows }: ActionInfo): string {
  return `said to be done at ${when(saidAt)}, the system still shows ${shows}`;
}

function actionTable(actions: readonly ActionInfo[]): string {
  return table(
    ['ID', 'TARGET', 'USER', 'KIND', 'SINCE', 'STATE', 'WHAT TO DO'],
    actions.map((each) => [
      each.id,
      each.target,
      each.user ?? each.userId,
      each.subject === null ? each.kind : `${each.kind} ${each.subject}`,
      when(each.openedAt),
      stateText(each),
      each.shows === null || each.closedAt !== null ? each.todo : `${each.todo} ${bad(`(${stillText(each)})`)}`,
    ]),
  );
}

function stateText({ closedAt, closedBy, saidAt }: ActionInfo): string {
  if (closedAt !== null) return closedBy === 'gone' ? 'gone' : good(String(closedBy));
  return bad(saidAt === null ? 'open' : 'said');
}

function actionText(found: ActionInfo, columns: number): string {
  const facts: [string, string][] = [
    ['target', found.target],
    ['user', found.user === null ? found.userId : `${found.user} (${found.userId})`],
    ['record', found.record ?? 'none'],
    ['kind', found.subject === null ? found.kind : `${found.kind} ${found.subject}`],
    ['what to do', found.todo],
    ['since', when(found.openedAt)],
    ['asked for by', found.request ?? 'a change of the rules or settings of the target'],
    ...(found.saidAt === null ? [] : [['said done', `${when(found.saidAt)} by ${found.actor}`] as [string, string]]),
    ...(found.note === null ? [] : [['note', found.note] as [string, string]]),
    ...(found.shows === null || found.closedAt !== null ? [] : [['but', bad(stillText(found))] as [string, string]]),
    ...(found.closedAt === null
      ? []
      : [['closed', `${when(found.closedAt)}: ${closedText(found.closedBy)}`] as [string, string]]),
  ];
  return [`${bold(`Action ${found.id}`)}  ${stateText(found)}`, ...facts.map((fact) => factText(fact, columns))].join(
    '\n',
  );
}
