/** Field by field: what is wanted, what is seen, and whether the target's own plan would change it. Pure. */
import type { Desired, Observed, Step } from '../../targets/target.ts';
import { takesGiven } from '../work/pass-through.ts';

export interface FieldExplanation {
  field: string;
  /** `key`: it identifies the record; `access`, `assignment` and `password` (one
   * that the identity provider has set: that it is to be set, never what) are no fields of the record, and shown with them. */
  kind: 'key' | 'field' | 'access' | 'assignment' | 'password';
  /** Null: it should not be there. */
  wanted: string | null;
  /** Null: it is not there, or there is no record. */
  seen: string | null;
  /** As the target compares: only what would be changed differs. */
  differs: boolean;
}

/** Empty where nothing is wanted. Assignments of others are left out. */
export function mapOf(desired: Desired | null, seen: Observed | null, plan: readonly Step[]): FieldExplanation[] {
  if (!desired || (!seen && desired.presence !== 'active')) return [];
  const has = (kind: Step['kind'], subject?: string) =>
    plan.some((step) => step.kind === kind && (subject === undefined || step.subject === subject));
  const changed = new Set(
    plan.flatMap(({ kind, changes }) => (kind === 'update' || kind === 'rename' ? (changes ?? []) : [])),
  );
  const isNew = has('create');
  const [first] = Object.keys(desired.keys);
  const keys = Object.entries(desired.keys).filter(([name]) => !(name in desired.fields));
  const rows = [
    ...keys.map(([field, wanted]) => ({
      ...{ field, kind: 'key' as const, wanted, seen: seen?.keys[field] ?? null },
      differs: isNew || changed.has(field) || (field === first && has('rename')),
    })),
    ...Object.entries(desired.fields).map(([field, wanted]) => ({
      ...{ field, kind: 'field' as const, wanted, seen: seen?.fields[field] ?? null },
      differs: (isNew && wanted !== '') || changed.has(field),
    })),
  ];
  const enabled = (value: boolean) => (value ? 'enabled' : 'disabled');
  const access = {
    ...{ field: 'access', kind: 'access' as const, wanted: enabled(desired.presence === 'active') },
    seen: seen && enabled(seen.enabled),
    differs: isNew || has('disable') || has('enable'),
  };
  const assignments = [...new Set([...desired.assignments, ...subjects(plan)])].sort().map((subject) => ({
    ...{ field: subject, kind: 'assignment' as const },
    wanted: has('unassign', subject) ? null : 'yes',
    seen: seen?.assignments?.includes(subject) ? 'yes' : null,
    differs: has('assign', subject) || has('unassign', subject),
  }));
  const password = plan.some(takesGiven)
    ? [{ field: 'password', kind: 'password' as const, wanted: 'to be set', seen: null, differs: true }]
    : [];
  return [...rows, ...password, access, ...assignments];
}

function subjects(plan: readonly Step[]): string[] {
  return plan.flatMap(({ kind, subject }) =>
    (kind === 'assign' || kind === 'unassign') && subject !== undefined ? [subject] : [],
  );
}
