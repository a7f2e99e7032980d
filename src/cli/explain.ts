/** `linkspan explain`: why somebody has or lacks access, for a person who has a minute. */
import { Command } from 'commander';
import type { App } from '../app.ts';
import { findUsers } from '../directory/people.ts';
import { type Explanation, explain as explainUser, type TargetExplanation } from '../sync/explain.ts';
import { openLane } from '../sync/lanes.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { bad, bold, dim, good, print, printJson, when, withApp } from './terminal.ts';

export const explain = () =>
  new Command('explain')
    .description('show for one user what the IdP said, what each target should hold and what happens next')
    .argument('<userName>', 'userName, externalId or id; deleted users too')
    .option('--tenant <tenant>', 'whose user', 'demo')
    .option('--json', 'as JSON')
    .action((userName: string, { tenant, json }: { tenant: string; json?: boolean }) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const explanation = await lookUp(app, tenant, userName);
        if (json) printJson(explanation);
        else print(render(explanation, tenant));
      }),
    );

async function lookUp(app: App, tenant: string, userName: string): Promise<Explanation> {
  const [id] = await findUsers(app.store.read, app.store.dialect, tenant, userName);
  if (id === undefined) throw new AdminError(`Tenant "${tenant}" has and had no user "${userName}".`);
  const rows = await app.store.read
    .selectFrom('targets')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('name')
    .execute();
  const lanes = await Promise.all(rows.map((row) => openLane(row, { ...app, onCall: () => {} })));
  const explanation = await explainUser(app.store, lanes, tenant, id);
  if (!explanation) throw new AdminError(`User ${id} is gone.`);
  return explanation;
}

function render({ user, targets, wasBefore, isNow }: Explanation, tenant: string): string {
  const { resource, deleted, groups } = user;
  const state = deleted ? bad('deleted') : resource.active === false ? bad('inactive') : good('active');
  const meta = resource.meta as { created: string; lastModified: string };
  const facts = [
    ['tenant', tenant],
    ['id', user.id],
    ['externalId', String(resource.externalId ?? '-')],
    ['userType', String(resource.userType ?? '-')],
    ['groups', groups.join(', ') || '-'],
    ...(wasBefore ? [['was before', `${wasBefore}, deleted since: its accounts were taken over`]] : []),
    ...(isNow ? [['is now', `${isNow}, who takes the accounts over`]] : []),
    ['last changed', `${meta.lastModified.slice(0, 19).replace('T', ' ')} UTC`],
  ];
  return [
    `${bold(String(resource.userName))}  ${state}  ${dim('as the identity provider last said')}`,
    ...facts.map(([name, value]) => `  ${dim((name ?? '').padEnd(13))}${value}`),
    ...targets.map(renderTarget),
    ...(targets.length === 0 ? ['', 'This tenant has no targets. Add one with: linkspan target add'] : []),
  ].join('\n');
}

function renderTarget(target: TargetExplanation): string {
  const lines: [string, string][] = [
    ['wanted', `${target.wanted}: ${target.why}`],
    ...(target.assignments.length > 0 ? [['granted', target.assignments.join(', ')] as [string, string]] : []),
    ...(target.paused ? [['paused', bad(target.paused)] as [string, string]] : []),
    ['seen now', target.look],
    ['plan', planText(target)],
    ['last', lastText(target)],
    ['next look', nextText(target)],
    ...target.receipts.map((receipt): [string, string] => ['receipt', receiptText(receipt)]),
    ...target.calls.map((call): [string, string] => [
      'called',
      `${when(call.at)}  ${call.method} ${call.path}  ${call.status ?? call.error ?? 'no answer'}`,
    ]),
  ];
  const body = lines.map(
    ([name, value]) => `  ${dim(name.padEnd(13))}${value.replaceAll('\n', `\n${' '.repeat(15)}`)}`,
  );
  return ['', `${bold(target.target)} ${dim(`(${target.type})`)}`, ...body].join('\n');
}

function planText({ plan }: TargetExplanation): string {
  if (plan.length === 0) return 'nothing to do';
  return plan.map((step) => `${step.kind}: ${step.call}${step.body ? ` ${JSON.stringify(step.body)}` : ''}`).join('\n');
}

function lastText({ last, remoteId }: TargetExplanation): string {
  if (!last) return 'never worked on';
  const link = remoteId ? `, linked to ${remoteId}` : ', not linked';
  if (last.outcome === 'done') return `${good('done')} ${when(last.successAt)}${link}`;
  return `${bad(last.outcome)} ${when(last.errorAt)}: ${last.reason}${link}`;
}

function nextText({ nextAttemptAt, attempts }: TargetExplanation): string {
  if (nextAttemptAt === null) return 'when something changes';
  return `${when(nextAttemptAt)}${attempts > 0 ? ` (after ${attempts} failed attempts)` : ''}`;
}

function receiptText({
  kind,
  subject,
  evidence,
  confirmedAt,
  emulated,
}: TargetExplanation['receipts'][number]): string {
  return `${kind}${subject ? ` ${subject}` : ''}${emulated ? ' (emulated)' : ''}, confirmed by ${evidence} ${when(confirmedAt)}`;
}
