/** Saving rules that take more away than the limits of their target asks first. */
import { createInterface } from 'node:readline/promises';
import type { App } from '../app.ts';
import type { TargetInput } from '../sync/admin/targets.ts';
import { TAKING } from '../sync/holds/limits.ts';
import { draftOf } from '../sync/planning/draft.ts';
import { overLimits } from '../sync/planning/over-limits.ts';
import { AdminError } from '../tenancy/tenants.ts';
import { columnsOf, factText } from './facts.ts';
import { heldFact } from './plan-text.ts';
import { planWithLimits } from './plan-with-limits.ts';

/**
 * Compared with the limits as they are, whatever the draft says of them.
 * @throws AdminError where an administrator says no, or there is nobody to ask: then nothing is saved.
 */
export async function confirmPlan(
  app: App,
  { tenant, name, input, yes }: { tenant: string; name: string; input: TargetInput; yes: boolean },
): Promise<void> {
  if (yes || (input.rules === undefined && input.settings === undefined)) return;
  const draft = await draftOf(app, tenant, name, input);
  const { before } = draft;
  if (!before) return;
  const plan = await planWithLimits(app, draft, { limit: 5 });
  const over = await overLimits(app.store, draft, plan, before.rules);
  const taking = over.filter(({ kind }) => TAKING.includes(kind));
  if (taking.length === 0) return;

  const { leaves } = plan;
  const names = leaves.first.map(({ userName, userId }) => userName ?? userId).join(', ');
  const more = leaves.count > leaves.first.length ? ' and others' : '';
  const facts = [
    ...taking.map(heldFact),
    ...(leaves.count > 0 ? [['leave scope', `${leaves.count}: ${names}${more}`] as const] : []),
  ];
  const columns = columnsOf(process.stderr);
  process.stderr.write(`Saving this would take away more than the limits of "${name}" allow:\n`);
  process.stderr.write(`${facts.map((fact) => factText(fact, columns)).join('\n')}\n`);
  process.stderr.write('What is over a limit is held back until an administrator approves it (linkspan hold).\n');
  const look = `See it whole with: linkspan plan ${tenant} ${name}, and the same options.`;
  if (!process.stdin.isTTY) throw new AdminError(`Nothing was saved. Add --yes to save it all the same. ${look}`);
  if (!(await isYes('Save it? [y/N] '))) throw new AdminError(`Nothing was saved. ${look}`);
}

async function isYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
