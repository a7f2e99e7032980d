/** Four of the five steps for one user in one target: scope, match, map, actions (explain.ts has the first). */
import type { DirectoryUser } from '../../directory/people.ts';
import type { Store } from '../../store/store.ts';
import { TargetError } from '../../targets/outcome.ts';
import type { Desired, Keys, Observed, Step } from '../../targets/target.ts';
import type { AccountKey } from '../accounts/accounts.ts';
import { openIntents } from '../accounts/intents.ts';
import { permittedOf } from '../holds/gate.ts';
import type { Lane } from '../lanes/lanes.ts';
import { adoptedOf, memoryOf, stepsFor, withoutAccount } from '../planning/planned.ts';
import { scopeText } from '../rules/rules.ts';
import { asAdopted } from '../work/adoption.ts';
import { withoutGrants } from '../work/memory.ts';
import { nameOf, type Wish } from '../work/pass.ts';
import { withoutSpent } from '../work/pass-through.ts';
import type { Situation } from '../work/situations.ts';
import { isRemoval } from '../work/steps.ts';
import { readWish } from '../work/wish.ts';
import { type AccountState, type ActionsExplanation, readAccount, readActions } from './actions.ts';
import { type FieldExplanation, mapOf } from './map.ts';
import { type Looked, look } from './match.ts';

export interface TargetExplanation {
  target: string;
  type: string;
  scope: ScopeExplanation;
  match: MatchExplanation;
  /** Empty where no fields are wanted. */
  map: FieldExplanation[];
  actions: ActionsExplanation;
}

export interface ScopeExplanation {
  /** `active`, `inactive`, `absent`, `keep`, `none`, or `unknown` where it cannot be computed. */
  wanted: string;
  why: string;
  /** The SCIM filter and the groups, in words; null: everybody. */
  rule: string | null;
  /** Whether the rule lets the user in; null: it cannot be computed. */
  inScope: boolean | null;
  assignments: readonly string[];
  /** Every group of the user with what it grants here; most grant nothing. */
  groups: { group: string; grants: readonly string[] }[];
  /** The same of the user's roles and entitlements. */
  values: { from: 'roles' | 'entitlements'; value: string; grants: readonly string[] }[];
}

export interface MatchExplanation {
  /** As found just now; null: it was not looked for, or could not be. */
  situation: Situation | null;
  /** As the last pass found it. */
  lastSituation: string | null;
  linkedTo: string | null;
  /** Under which the record was, or would be, looked for where no id leads to it. */
  lookedFor: readonly Keys[];
  /** Creates without a clear answer: their keys are among those looked for. */
  openIntents: number;
  /** What is there, as seen just now. */
  seen: Observed | null;
  /** In words: what was seen, or why the target was or could not be asked. */
  look: string;
}

/** Everything that the steps find out about one account. */
interface Findings {
  wish: Wish | null;
  desired: Desired | null;
  problem: string | null;
  match: MatchExplanation;
  plan: readonly Step[];
  whyNone: string | null;
}

export async function explainTarget(
  store: Store,
  lane: Lane,
  tenant: string,
  user: DirectoryUser,
): Promise<TargetExplanation> {
  const key: AccountKey = { tenant, target_id: lane.targetId, user_id: user.id };
  const account = await readAccount(store, key);
  const found = await findings(store, lane, key, account);
  return {
    target: lane.name,
    type: lane.type.type,
    scope: scopeOf(lane, user, found),
    match: found.match,
    map: mapOf(found.desired, found.match.seen, found.plan),
    actions: await readActions(store, lane, key, account, found),
  };
}

async function findings(
  store: Store,
  lane: Lane,
  key: AccountKey,
  account: AccountState | undefined,
): Promise<Findings> {
  const state = { ...withoutAccount(key.user_id), adopted: null, adoption: null, ...account, ...key };
  const match: MatchExplanation = {
    situation: null,
    lastSituation: account?.situation ?? null,
    linkedTo: state.remote_id,
    lookedFor: [],
    openIntents: (await openIntents(store.read, key)).length,
    seen: null,
    look: 'not asked',
  };
  let wish: Wish;
  try {
    wish = await readWish(store.read, lane, state);
  } catch (error) {
    const problem = reasonOf(error);
    return {
      wish: null,
      desired: null,
      problem,
      match,
      plan: [],
      whyNone: `${problem}. The account keeps what it has`,
    };
  }
  const { presence, why } = wish.standing;
  const found = { wish, desired: wish.desired, problem: null, match, plan: [] };
  if (presence === 'none') return { ...found, whyNone: `nothing is wanted here: ${why}` };
  if (presence === 'keep') return { ...found, whyNone: `the account stays as it is: ${why}` };
  try {
    const seen = { ...match, ...(await look(store, lane, state, wish)) };
    if (seen.obstacle !== null) {
      return { ...found, match: withoutObstacle(seen), whyNone: seen.obstacle };
    }
    // As the linked record was adopted, or will be.
    const adopted = seen.adopts ?? adoptedOf(state);
    const known = { given: wish.given, remoteId: seen.seen?.id ?? null, adopted };
    const desired = wish.desired && withoutSpent(asAdopted(wish.desired, adopted), known);
    const memory = seen.situation === 'missing' ? withoutGrants(memoryOf(state)) : memoryOf(state);
    const full = stepsFor(lane, desired, seen.seen, memory);
    const permitted = permittedOf(lane, { user: wish.user, desired }, full);
    const plan = await allowed(store, key, account, desired, permitted.steps);
    const whyNone = permitted.why ?? plan.whyNone;
    return { ...found, desired, match: withoutObstacle(seen), plan: plan.plan, whyNone };
  } catch (error) {
    const reason = reasonOf(error);
    return { ...found, match: { ...match, look: reason }, whyNone: `the target could not be asked: ${reason}` };
  }
}

function withoutObstacle({ obstacle: _, adopts: __, ...match }: MatchExplanation & Looked): MatchExplanation {
  return match;
}

/** A name that another account of ours holds keeps all but the removals waiting. */
async function allowed(
  store: Store,
  key: AccountKey,
  account: AccountState | undefined,
  desired: Desired | null,
  plan: readonly Step[],
): Promise<{ plan: readonly Step[]; whyNone: string | null }> {
  if (plan.length === 0) {
    const needless = desired === null ? 'it is gone already' : 'everything is as it should be';
    return { plan, whyNone: desired?.presence === 'inactive' ? 'there is no access to take away' : needless };
  }
  const name = desired && nameOf(desired.keys);
  const takesName = plan.some(({ kind }) => kind === 'create' || kind === 'rename');
  if (!takesName || name === null || name === account?.name) return { plan, whyNone: null };
  const holder = await store.read
    .selectFrom('accounts')
    .select('user_id')
    .where('tenant', '=', key.tenant)
    .where('target_id', '=', key.target_id)
    .where('name', '=', name)
    .where('user_id', '!=', key.user_id)
    .executeTakeFirst();
  if (!holder) return { plan, whyNone: null };
  return {
    plan: plan.filter(({ kind }) => isRemoval(kind)),
    whyNone: `the name ${name} is held by the account of user ${holder.user_id}`,
  };
}

function scopeOf({ rules }: Lane, user: DirectoryUser, { wish, problem }: Findings): ScopeExplanation {
  const sources = rules.sourcesOf(user);
  return {
    wanted: wish?.standing.presence ?? 'unknown',
    why: wish?.standing.why ?? problem ?? '',
    rule: scopeText(rules),
    inScope: isInScope(rules, user),
    assignments: wish?.standing.assignments ?? [],
    groups: sources.flatMap(({ from, name, grants }) => (from === 'groups' ? { group: name, grants } : [])),
    values: sources.flatMap(({ from, name, grants }) => (from === 'groups' ? [] : { from, value: name, grants })),
  };
}

function isInScope(rules: Lane['rules'], user: DirectoryUser): boolean | null {
  try {
    return rules.inScope(user);
  } catch {
    return null;
  }
}

export function reasonOf(error: unknown): string {
  if (error instanceof TargetError) return error.failure.reason;
  return error instanceof Error ? error.message : String(error);
}
