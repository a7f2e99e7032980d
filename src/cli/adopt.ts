/** `linkspan adopt`: records that were in a target before, and whether an account may be linked to them. */
import { Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { findUsers } from '../directory/people.ts';
import { approveAdoption, listAdoptions, type OpenAdoption, refuseAdoption } from '../sync/admin/adoptions.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { bad, dim, good, print, printJson, table, when, withApp } from './terminal.ts';

export const adopt = () =>
  new Command('adopt')
    .description(
      'records that were in a target before a user was carried on there: see and decide who is linked to which',
    )
    .addCommand(list())
    .addCommand(approve())
    .addCommand(refuse());

const list = () =>
  new Command('list')
    .description('the users who wait to be linked, with the records that were found')
    .argument('<tenant>')
    .option('--target <name>', 'only of this target')
    .option('--limit <n>', 'how many', count, 100)
    .option('--json', 'as JSON')
    .action((tenant: string, { target, limit, json }: { target?: string; limit: number; json?: boolean }) =>
      withApp(async ({ store }) => {
        await requireTenant(store, tenant);
        const open = await listAdoptions(store, tenant, { target, limit });
        if (json) return printJson(open);
        if (open.total === 0) return print('Nobody waits to be linked to a record that was there before.');
        print(table(['TARGET', 'USER', 'RECORD', 'ITS NAMES', 'SINCE', 'DECISION'], open.adoptions.flatMap(linesOf)));
        const more = open.total - open.adoptions.length;
        if (more > 0) print(dim(`\nAnd ${more} more; --limit <n> shows them.`));
        print(dim(`\nApprove with: linkspan adopt approve ${tenant} <target> <user> [--record <id>]`));
      }),
    );

const approve = () =>
  new Command('approve')
    .description('link the user to a record that was found; its names and e-mail address stay as they are')
    .argument('<tenant>')
    .argument('<target>')
    .argument('<user>', 'userName, externalId or id')
    .option('--record <id>', 'which one, where several were found')
    .action((tenant: string, target: string, user: string, { record }: { record?: string }) =>
      withApp(async (app) => {
        const userId = await waitingUser(app, tenant, target, user);
        const decided = await approveAdoption(app.store, { tenant, target, userId, record });
        print(
          `${good('Approved.')} ${user} is linked to record ${decided.records[0]} once it has been looked at again.`,
        );
        print(dim(`What comes of it: linkspan why ${decided.activityId} --tenant ${tenant}`));
      }),
    );

const refuse = () =>
  new Command('refuse')
    .description('never link the user to the records that were found')
    .argument('<tenant>')
    .argument('<target>')
    .argument('<user>', 'userName, externalId or id')
    .action((tenant: string, target: string, user: string) =>
      withApp(async (app) => {
        const userId = await waitingUser(app, tenant, target, user);
        const { records } = await refuseAdoption(app.store, { tenant, target, userId });
        print(`${bad('Refused.')} ${user} is not linked to ${records.join(', ')}, and has no account there meanwhile.`);
        print(
          dim(
            'The account goes on by itself once the user has another name, or the record is gone and it is looked at.',
          ),
        );
      }),
    );

/** Of the users who may be meant the one who waits in this target. @throws AdminError, TargetInputError */
async function waitingUser({ store }: App, tenant: string, target: string, text: string): Promise<string> {
  await requireTenant(store, tenant);
  const ids = await findUsers(store.read, store.dialect, tenant, text);
  const [first] = ids;
  if (first === undefined) throw new AdminError(`Tenant "${tenant}" has and had no user "${text}".`);
  if (ids.length === 1) return first;
  const { adoptions } = await listAdoptions(store, tenant, { target, limit: Number.MAX_SAFE_INTEGER });
  return ids.find((id) => adoptions.some(({ userId }) => userId === id)) ?? first;
}

/** One line for each record. */
function linesOf({ target, user, userId, keys, records, askedAt, decision }: OpenAdoption): string[][] {
  return records.map((record, index) => [
    ...(index === 0 ? [target, user ?? userId] : ['', '']),
    record.id,
    Object.values(record.keys ?? keys).join(', '),
    index === 0 ? when(askedAt) : '',
    decisionText(decision, record.id),
  ]);
}

function decisionText(decision: OpenAdoption['decision'], id: string): string {
  if (decision?.kind === 'refused') return bad('refused');
  return decision?.kind === 'approved' && decision.record === id ? good('approved') : '';
}

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number from 1 to 999999.');
}
