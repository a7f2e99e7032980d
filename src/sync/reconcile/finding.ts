/** What is found when a record is compared with what its account should be: pure. */
import type { FindingsTable } from '../../store/tables.ts';
import type { Desired, Observed, Step, StepKind } from '../../targets/target.ts';
import type { Account } from '../accounts/accounts.ts';
import { permittedOf } from '../holds/gate.ts';
import { type Kind, kindsOf } from '../holds/limits.ts';
import type { Lane } from '../lanes/lanes.ts';
import { adoptedOf, memoryOf, stepsFor } from '../planning/planned.ts';
import { reportsMissing } from '../rules/rules.ts';
import { asAdopted } from '../work/adoption.ts';
import type { Wish } from '../work/pass.ts';

/**
 * - `drift`: the record is not as wanted.
 * - `missing`: an account is linked to a record that is not there.
 * - `absent`: somebody belongs there, has no account, and nothing is under way.
 * - `rejected`: the account needs a person.
 * - `orphan`: a record that is nobody's account. Never touched.
 */
export type FindingKind = FindingsTable['kind'];

/** Never a secret: passwords are no fields (targets/target.ts). */
export interface Detail {
  /** The user's name, or an orphan's: what people know it by. */
  name: string | null;
  /** What would put it right. */
  steps?: StepKind[];
  /** The same, as limits count it. */
  kinds?: Kind[];
  changes?: Change[];
  /** Assignments that lack, and those to be taken away. */
  give?: string[];
  take?: string[];
  /** In words. */
  reason?: string;
  /** Of an orphan: the user without an account who wants exactly its keys. */
  adopter?: string;
  /** Of an orphan: the user whose account goes by its name and is another record. */
  resembles?: string;
}

export interface Change {
  attribute: string;
  wanted: string | boolean | null;
  /** As it was when last seen by a worker. */
  last: string | boolean | null;
  seen: string | boolean | null;
}

export interface Finding {
  kind: FindingKind;
  userId: string | null;
  remoteId: string | null;
  /** Whether the account is to be made due. */
  repair: boolean;
  detail: Detail;
}

/**
 * @param account linked, at rest and untouched since before the listing began.
 * @param record as listed; null: a complete listing does not have it.
 * @returns null where everything is in order.
 */
export function judge(lane: Lane, account: Account, wish: Wish, record: Observed | null): Finding | null {
  const finding = (kind: FindingKind, repair: boolean, about: Omit<Detail, 'name'>): Finding => {
    const detail = { name: nameOfUser(wish.user), ...about };
    return { kind, userId: account.user_id, remoteId: account.remote_id, repair, detail };
  };
  const { standing } = wish;
  const desired = wish.desired && asAdopted(wish.desired, adoptedOf(account));
  const recreates = desired?.presence === 'active' && !reportsMissing(lane);
  const anew = recreates ? CREATE : { steps: [] };

  if (account.outcome === 'reject') {
    const reason = account.reason ?? 'no reason was kept';
    if (account.situation !== 'missing') return finding('rejected', false, { reason });
    if (record === null) return finding('missing', recreates, { reason, ...anew });
    return finding('drift', true, { reason: 'the record was missing and is there again', steps: [] });
  }
  if (standing.presence === 'none' || standing.presence === 'keep') return null;
  if (record === null) return finding('missing', true, { reason: standing.why, ...anew });
  const plan = stepsFor(lane, desired, record, memoryOf(account));
  // What could not be read is not judged.
  const steps = record.assignments === null ? plan.filter(({ subject }) => subject === undefined) : plan;
  if (steps.length === 0) return null;
  const permitted = permittedOf(lane, { user: wish.user, desired }, steps);
  const last: Observed | null = account.observed === null ? null : JSON.parse(account.observed);
  return finding('drift', permitted.steps.length > 0, {
    steps: [...new Set(steps.map(({ kind }) => kind))],
    kinds: [...kindsOf(permitted.steps, desired)],
    ...differences(steps, desired, last, record),
    ...(permitted.why !== null && { reason: permitted.why }),
  });
}

/** What is done for who has no record. */
export const CREATE = { steps: ['create'], kinds: ['create'] } satisfies Partial<Detail>;

export function nameOfUser(user: Wish['user']): string | null {
  const { userName } = user?.resource ?? {};
  return typeof userName === 'string' ? userName : null;
}

function differences(steps: readonly Step[], desired: Desired | null, last: Observed | null, seen: Observed) {
  const changes = new Map<string, Change>();
  const note = (attribute: string, of: (record: Desired | Observed) => Change['seen']) =>
    changes.set(attribute, {
      attribute,
      wanted: desired && of(desired),
      last: last && of(last),
      seen: of(seen),
    });
  for (const step of steps) {
    if (step.kind === 'enable' || step.kind === 'disable') note('enabled', isEnabled);
    if (step.kind !== 'rename' && step.kind !== 'update') continue;
    for (const name of step.changes ?? renamed(desired, seen)) {
      note(name, ({ fields, keys }) => fields[name] ?? keys[name] ?? null);
    }
  }
  const subjects = (kind: StepKind) =>
    steps.flatMap((step) => (step.kind === kind && step.subject !== undefined ? [step.subject] : []));
  const [give, take] = [subjects('assign'), subjects('unassign')];
  return {
    ...(changes.size > 0 && { changes: [...changes.values()] }),
    ...(give.length > 0 && { give }),
    ...(take.length > 0 && { take }),
  };
}

function isEnabled(record: Desired | Observed): boolean {
  return 'enabled' in record ? record.enabled : record.presence === 'active';
}

/** A key that is a field too has a step of its own. */
function renamed(desired: Desired | null, seen: Observed): string[] {
  const { keys = {}, fields = {} } = desired ?? {};
  return Object.keys(keys).filter((name) => keys[name] !== seen.keys[name] && !(name in fields));
}
