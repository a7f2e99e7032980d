/** Adds planned accounts up. However many they are, what is kept is a number for each kind and the first few names. */
import { STEP_ORDER, type Step, type StepKind } from '../../targets/target.ts';
import { KINDS, type Kind } from '../holds/limits.ts';
import type { Draft } from './draft.ts';
import type { KnownAccount, PlannedAccount } from './planned.ts';

export interface Plan {
  tenant: string;
  /** Null: a target that is not there yet. */
  target: string | null;
  type: string;
  /** False: the present rules. */
  draft: boolean;
  /** How many were looked at: all users, and the deleted who have an account. */
  users: number;
  /** Accounts that stand for a record of the target now. */
  linked: number;
  /** How many calls of each kind. */
  calls: Record<StepKind, number>;
  /** How many accounts have a call of that kind. */
  accounts: Record<StepKind, number>;
  /** How many accounts are affected, as limits count them. */
  kinds: Record<Kind, number>;
  /** Users for whom nothing would be done, and for whom it cannot be said what, or not all can be done. */
  nothing: number;
  failed: number;
  /** How many updates and renames change each attribute, and how many calls concern each assignment. */
  attributes: Record<string, number>;
  assignments: Record<string, { assign: number; unassign: number }>;
  enters: { count: number; first: Named[] };
  /** Who belonged and belongs no more, by what is to become of the account. */
  leaves: { count: number; first: Named[]; disabled: number; deleted: number; kept: number; withoutAccount: number };
  errors: { reason: string; count: number; first: Named[] }[];
  /** The first accounts with calls. */
  details: PlannedAccount[];
}

export interface Named {
  userId: string;
  userName: string | null;
  why: string;
}

/** Distinct ones that are kept; the rest is counted together. */
const KINDS_OF_ERROR = 50;
const ASSIGNMENTS = 1_000;
const OTHERS = '(others)';

export interface Tally {
  /** @param belonged by the present rules; null: there are none, so what is there counts. */
  add(planned: PlannedAccount, account: KnownAccount, belonged: boolean | null): void;
  plan(): Plan;
}

export function createTally(
  { tenant, name, targetId, after, isDraft }: Draft,
  { limit = 10, details = 0 }: { limit?: number; details?: number },
): Tally {
  const plan: Plan = {
    tenant,
    target: targetId === null ? null : name,
    type: after.type.type,
    draft: isDraft,
    users: 0,
    linked: 0,
    calls: zeros(STEP_ORDER),
    accounts: zeros(STEP_ORDER),
    kinds: zeros(KINDS),
    nothing: 0,
    failed: 0,
    attributes: {},
    assignments: {},
    enters: { count: 0, first: [] },
    leaves: { count: 0, first: [], disabled: 0, deleted: 0, kept: 0, withoutAccount: 0 },
    errors: [],
    details: [],
  };
  const errors = new Map<string, Plan['errors'][number]>();
  const attributes = new Map<string, number>();
  const assignments = new Map<string, { assign: number; unassign: number }>();

  const noteName = (list: { count: number; first: Named[] }, { userId, userName, why }: PlannedAccount) => {
    list.count += 1;
    if (list.first.length < limit) list.first.push({ userId, userName, why });
  };

  const noteError = (planned: PlannedAccount, reason: string) => {
    const key = errors.has(reason) || errors.size < KINDS_OF_ERROR ? reason : OTHERS;
    const error = errors.get(key) ?? { reason: key, count: 0, first: [] };
    errors.set(key, error);
    noteName(error, planned);
  };

  const noteStep = ({ kind, changes, subject }: Step) => {
    plan.calls[kind] += 1;
    if (kind === 'update' || kind === 'rename') {
      for (const name of changes ?? []) attributes.set(name, (attributes.get(name) ?? 0) + 1);
    }
    if ((kind === 'assign' || kind === 'unassign') && subject !== undefined) {
      const key = assignments.has(subject) || assignments.size < ASSIGNMENTS ? subject : OTHERS;
      const counts = assignments.get(key) ?? { assign: 0, unassign: 0 };
      counts[kind] += 1;
      assignments.set(key, counts);
    }
  };

  const noteMove = (planned: PlannedAccount, account: KnownAccount, belonged: boolean | null) => {
    const { wanted, steps } = planned;
    if (wanted === 'unknown') return;
    const belongs = wanted === 'active';
    const was = belonged ?? (belongs ? account.remote_id !== null : steps.some(takesAway));
    if (belongs && !was) noteName(plan.enters, planned);
    if (belongs || !was) return;
    noteName(plan.leaves, planned);
    const fate = { inactive: 'disabled', absent: 'deleted', keep: 'kept', none: 'withoutAccount' } as const;
    plan.leaves[fate[wanted]] += 1;
  };

  return {
    add(planned, account, belonged) {
      plan.users += 1;
      if (account.remote_id !== null) plan.linked += 1;
      for (const step of planned.steps) noteStep(step);
      for (const kind of new Set(planned.steps.map((step) => step.kind))) plan.accounts[kind] += 1;
      for (const kind of planned.kinds) plan.kinds[kind] += 1;
      noteMove(planned, account, belonged);
      if (planned.error !== null) {
        plan.failed += 1;
        noteError(planned, planned.error);
      } else if (planned.steps.length === 0) plan.nothing += 1;
      if (planned.steps.length > 0 && plan.details.length < details) plan.details.push(planned);
    },
    plan: () => ({
      ...plan,
      attributes: Object.fromEntries([...attributes].sort(byName)),
      assignments: Object.fromEntries([...assignments].sort(byName)),
      errors: [...errors.values()].sort((a, b) => b.count - a.count),
    }),
  };
}

function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

const takesAway = ({ kind }: Step) => kind === 'disable' || kind === 'delete';

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : a > b ? 1 : 0);
