/**
 * Which groups, roles and entitlements grant what in one target, to how many, and what came of it; and which match nothing.
 * By the directory as it is and what was last seen: it only reads, and asks no system anything.
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { namesOfNoGroup } from '../../directory/names.ts';
import { readPeople } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import type { AccountsTable } from '../../store/tables.ts';
import type { Memory, Observed } from '../../targets/target.ts';
import { withoutAccount } from '../planning/planned.ts';
import { type Deciding, wishOf } from '../work/wish.ts';
import type { AssignmentRule, Source } from './assignment-rules.ts';
import type { Rules } from './rules.ts';

export interface Granting extends Source {
  /** Who has it and should have access here. */
  users: number;
}

export interface Granted {
  /** As the target knows it. */
  grant: string;
  /** Who should have it, and who has it as far as was seen. */
  wanted: number;
  held: number;
  /** Who needs a person, and the first reason of one of them. */
  refused: number;
  reason: string | null;
}

export interface GrantsReport {
  users: number;
  /** Users for whom it cannot be computed. */
  failed: number;
  granting: Granting[];
  /** That grant nothing here, in the order of their names. */
  idle: Granting[];
  grants: Granted[];
  /** Rules that nothing in the directory matches, in words. */
  unmatched: string[];
}

const SLICE = 250;

export async function reportGrants(
  store: Store,
  deciding: Deciding,
  { tenant, targetId }: { tenant: string; targetId: string },
  onProgress: (done: number) => void = () => {},
): Promise<GrantsReport> {
  const sources = await allGroups(store, tenant, deciding);
  const grants = new Map<string, Granted>();
  const report = { users: 0, failed: 0 };
  for (let last = ''; ; ) {
    const ids = await nextIds(store, tenant, 'User', last);
    const people = await readPeople(store.read, tenant, ids);
    const accounts = await accountsOf(store, tenant, targetId, ids);
    for (const user of people.values()) {
      const account = accounts.get(user.id);
      try {
        const { standing, desired } = wishOf(deciding, account ?? withoutAccount(user.id), user, []);
        if (standing.presence !== 'active') continue;
        for (const source of deciding.rules.sourcesOf(user)) count(sources, source);
        for (const grant of desired?.assignments ?? []) note(grants, grant, account);
      } catch {
        report.failed++;
      }
    }
    report.users += ids.length;
    onProgress(report.users);
    if (ids.length < SLICE) break;
    last = ids.at(-1) ?? last;
    await turnOfTheLoop();
  }
  const all = [...sources.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    ...report,
    granting: all.filter((source) => source.grants.length > 0),
    idle: all.filter((source) => source.grants.length === 0),
    grants: [...grants.values()].toSorted((a, b) => (a.grant < b.grant ? -1 : 1)),
    unmatched: await unmatchedRules(store, tenant, deciding.rules.assignments, all),
  };
}

/** Words for the rules about groups that nobody has made, or that were renamed: saved, and of no effect. */
export async function warningsAbout(store: Store, tenant: string, rules: Partial<Rules>): Promise<string[]> {
  const inTables = (rules.assignments ?? []).flatMap((rule) => ('group' in rule ? rule.group : []));
  const missing = await namesOfNoGroup(store.read, tenant, [...new Set([...(rules.groups ?? []), ...inTables])]);
  return missing.map((name) =>
    rules.groups?.includes(name)
      ? `No group is called "${name}" now: nobody is in scope by it until there is one.`
      : `No group is called "${name}" now: it grants nothing until there is one.`,
  );
}

const keyOf = ({ from, name }: Source) => `${from} ${name}`;

function count(sources: Map<string, Granting>, source: Source): void {
  const key = keyOf(source);
  const known = sources.get(key) ?? { ...source, users: 0 };
  known.users++;
  sources.set(key, known);
}

type Account = Pick<AccountsTable, 'remote_id' | 'memory' | 'observed' | 'outcome' | 'reason'>;

function note(grants: Map<string, Granted>, grant: string, account: Account | undefined): void {
  const known = grants.get(grant) ?? { grant, wanted: 0, held: 0, refused: 0, reason: null };
  grants.set(grant, known);
  known.wanted++;
  if (!account) return;
  const { granted } = JSON.parse(account.memory) as Memory;
  const seen = account.observed === null ? null : (JSON.parse(account.observed) as Observed).assignments;
  if ((seen ?? granted).includes(grant)) known.held++;
  else if (account.outcome === 'reject') {
    known.refused++;
    known.reason ??= account.reason;
  }
}

/** Those without members too. */
async function allGroups(store: Store, tenant: string, { rules }: Deciding): Promise<Map<string, Granting>> {
  const sources = new Map<string, Granting>();
  for (let last = ''; ; ) {
    const ids = await nextIds(store, tenant, 'Group', last);
    if (ids.length === 0) return sources;
    const rows = await store.read
      .selectFrom('resources')
      .select('document')
      .where('tenant', '=', tenant)
      .where('id', 'in', ids)
      .execute();
    for (const { document } of rows) {
      const name: unknown = JSON.parse(document).displayName;
      if (typeof name !== 'string') continue;
      const source: Source = { from: 'groups', name, grants: rules.grantsOf('groups', name) };
      sources.set(keyOf(source), { ...source, users: 0 });
    }
    last = ids.at(-1) ?? last;
    await turnOfTheLoop();
  }
}

async function nextIds(store: Store, tenant: string, type: 'User' | 'Group', after: string): Promise<string[]> {
  const rows = await store.read
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', tenant)
    .where('type', '=', type)
    .where('id', '>', after)
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .limit(SLICE)
    .execute();
  return rows.map(({ id }) => id);
}

async function accountsOf(store: Store, tenant: string, targetId: string, userIds: readonly string[]) {
  if (userIds.length === 0) return new Map<string, never>();
  const rows = await store.read
    .selectFrom('accounts')
    .select(['user_id', 'remote_id', 'memory', 'observed', 'outcome', 'reason'])
    .where('tenant', '=', tenant)
    .where('target_id', '=', targetId)
    .where('user_id', 'in', userIds)
    .execute();
  return new Map(rows.map((row) => [row.user_id, row]));
}

async function unmatchedRules(
  store: Store,
  tenant: string,
  rules: readonly AssignmentRule[],
  sources: readonly Granting[],
): Promise<string[]> {
  const none = await namesOfNoGroup(
    store.read,
    tenant,
    rules.flatMap((rule) => ('group' in rule ? rule.group : [])),
  );
  const begins = (from: Source['from'], prefix: string) =>
    sources.some((source) => source.from === from && source.name.startsWith(prefix));
  return rules.flatMap((rule) => {
    if ('groupPrefix' in rule) {
      return begins('groups', rule.groupPrefix) ? [] : `no group begins with "${rule.groupPrefix}"`;
    }
    if ('group' in rule) return none.includes(rule.group) ? `no group is called "${rule.group}"` : [];
    if ('value' in rule) {
      const has = sources.some(
        ({ from, name }) => from === rule.from && name.toLowerCase() === rule.value.toLowerCase(),
      );
      return has ? [] : `nobody here has "${rule.value}" among their ${rule.from}`;
    }
    return begins(rule.from, rule.prefix ?? '') ? [] : `nobody here has ${rule.from} like "${rule.prefix ?? ''}"`;
  });
}
