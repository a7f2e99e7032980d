/** What is wrong with rules that are saved all the same: a group may be made later. */
import type { App } from '../app.ts';
import type { TargetInput } from '../sync/admin/targets.ts';
import { warningsAbout } from '../sync/rules/grants.ts';
import type { Rules } from '../sync/rules/rules.ts';
import { bad } from './terminal.ts';

const SHOWN = 10;

export async function warnAboutRules(app: App, tenant: string, typeName: string, { rules }: TargetInput) {
  const { groups, assignments } = (rules ?? {}) as Partial<Rules>;
  const warnings = await warningsAbout(app.store, tenant, {
    ...(groups && { groups }),
    ...(assignments && { assignments }),
  });
  if (assignments?.length && !app.types.get(typeName)?.capabilities.assignments) {
    warnings.push(`${typeName} has nothing to assign: its assignment rules have no effect.`);
  }
  const more = warnings.length > SHOWN ? [`And ${warnings.length - SHOWN} more like that.`] : [];
  for (const warning of [...warnings.slice(0, SHOWN), ...more]) process.stderr.write(`${bad('Note:')} ${warning}\n`);
}
