/** `linkspan target catalogue`: what a target has to assign, as it is shown to identity providers. */
import { Command } from 'commander';
import type { App } from '../app.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { type Catalogue, readCatalogue } from '../sync/catalogue/read.ts';
import { type Refreshed, refresh } from '../sync/catalogue/refresh.ts';
import { type Lane, openLane } from '../sync/lanes/lanes.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { createProgress } from './progress.ts';
import { bad, dim, print, printJson, table, when, withApp } from './terminal.ts';

export const targetCatalogue = () =>
  new Command('catalogue')
    .description('what a target has to assign, as SCIM shows it at /Roles and /Entitlements')
    .argument('<tenant>')
    .argument('<target>')
    .option('--refresh', 'ask the target now')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nA server asks by itself as often as the pace "catalogueMinutes" says, and when a target is added or changed.' +
        '\nWhat a target has no more is not shown. A target that suddenly has nothing is believed only with --refresh.',
    )
    .action((tenant: string, name: string, options: { refresh?: boolean; json?: boolean }) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const lane = await openLane(await requireTarget(app.store, tenant, name), { ...app, onCall: () => {} });
        const refreshed = options.refresh ? await askNow(app, lane) : null;
        const catalogue = await readCatalogue(app.store, lane);
        if (options.json) printJson({ target: name, askable: lane.connection.catalogue !== undefined, ...catalogue });
        else print(catalogueText(catalogue, lane));
        if (refreshed?.kind === 'failed') throw new AdminError(`Not refreshed: ${refreshed.problem}.`);
      }),
    );

async function askNow(app: App, lane: Lane): Promise<Refreshed> {
  if (!lane.connection.catalogue) throw new AdminError(notAskable(lane));
  if (lane.paused) {
    const resume = `linkspan target resume ${lane.tenant} ${lane.name}`;
    throw new AdminError(`Target "${lane.name}" is paused: ${lane.pausedReason}. No call is made until: ${resume}`);
  }
  const progress = createProgress();
  progress.show(`asking ${lane.name} what it has to assign`);
  const refreshed = await refresh(app.store, lane, { ...app, byHand: true }).finally(progress.clear);
  if (refreshed.kind === 'busy') throw new AdminError('Another process is asking right now. Look again in a moment.');
  if (refreshed.kind === 'changed' || refreshed.kind === 'left') {
    throw new AdminError('The target was changed or removed by somebody else meanwhile. Try again.');
  }
  return refreshed;
}

export function catalogueText(catalogue: Catalogue, lane: Pick<Lane, 'tenant' | 'name' | 'type' | 'connection'>) {
  const { entries, refreshedAt, triedAt, problem } = catalogue;
  const rows = entries.map(({ kind, name, value, weight, description }) => {
    return [kind, name, value, weight === null ? '' : String(weight), description ?? ''];
  });
  const refreshing = `linkspan target catalogue ${lane.tenant} ${lane.name} --refresh`;
  const asked =
    refreshedAt === null
      ? `Nothing is known of what "${lane.name}" has to assign. Ask it with: ${refreshing}`
      : `${entries.length} to assign, as of ${when(refreshedAt)}.`;
  if (!lane.connection.catalogue && refreshedAt === null) return notAskable(lane);
  return [
    ...(rows.length > 0 ? [table(['KIND', 'NAME', 'VALUE', 'WEIGHT', 'DESCRIPTION'], rows), ''] : []),
    ...(problem === null ? [] : [`${bad('The last look failed')} (${when(triedAt)}): ${problem}.`]),
    asked,
    ...(rows.length > 0 ? [dim("VALUE is what a user's roles or entitlements say (docs/scim.md).")] : []),
  ].join('\n');
}

function notAskable({ name, type }: Pick<Lane, 'name' | 'type'>): string {
  if (!type.capabilities.assignments) return `Target "${name}" (${type.title}) has nothing to assign.`;
  return `Target "${name}" (${type.title}) cannot be asked what it has to assign.`;
}
