/** Compares every sandbox with what its system's own rules (systems/) say it should hold. Knows no system. */
import { compare, type Report, reporter } from './compare.ts';
import type { Json } from './idp.ts';
import { groupsOf, type World } from './model.ts';
import type { Held, System, Wanted } from './systems/system.ts';
import type { Violation } from './violation.ts';

/** @param state the answer of `GET /sandbox/state`. */
export function checkSystems(state: Json, systems: readonly System[], worlds: readonly World[]): Violation[] {
  const violations: Violation[] = [];
  for (const system of systems) {
    const held = system.held(state);
    const records = Map.groupBy(
      held.filter(({ isLeftover }) => !isLeftover),
      ({ marker }) => marker,
    );
    for (const world of worlds) {
      for (const person of world.people) {
        const rule = system.wanted(person, groupsOf(world, person));
        const wanted = system.isTaken?.(person, held) ? asFarAsPossible(rule) : rule;
        checkPerson(wanted, records.get(person.marker) ?? [], reporter(violations, person.marker, system.name));
        records.delete(person.marker);
      }
    }
    for (const [marker, strangers] of records) {
      for (const { id } of strangers) reporter(violations, marker, system.name)('left', `record ${id} is nobody's`);
    }
    for (const stray of system.strays(state)) reporter(violations, null, system.name)('left', stray);
  }
  return violations;
}

/** Of somebody whose name another has: nothing but that no access is left. */
function asFarAsPossible({ record, access }: Wanted): Wanted {
  const optional = record === 'present' ? 'optional' : record;
  return { record: optional, access: access && null, grants: [], fields: {} };
}

function checkPerson(wanted: Wanted, records: readonly Held[], report: Report): void {
  const [record, ...others] = records;
  if (others.length > 0) report('duplicated', records.map(({ id }) => id).join(', '));
  if (!record) {
    const without = wanted.grants.length > 0 ? `, who should have ${wanted.grants.join(', ')}` : '';
    if (wanted.record === 'present') report('lost', `there is no record${without}`);
    return;
  }
  for (const each of records) checkAccess(wanted, each, report);
  if (wanted.record === 'gone') return;
  for (const flaw of record.flaws) report('wrong', `record ${record.id}: ${flaw}`);
  compare(`record ${record.id}`, wanted.fields, record.fields, report);
}

function checkAccess(wanted: Wanted, { id, access, grants }: Held, report: Report): void {
  if (wanted.record === 'gone') {
    report('left', `deleted, and record ${id} is there${grants.length > 0 ? ` with ${grants.join(', ')}` : ''}`);
    return;
  }
  if (wanted.access === false && access) report('left', `record ${id} is not disabled`);
  if (wanted.access === true && !access) report('lost', `record ${id} is disabled`);
  const missing = wanted.grants.filter((grant) => !grants.includes(grant));
  const surplus = grants.filter((grant) => !wanted.grants.includes(grant));
  if (missing.length > 0) report('lost', `record ${id} lacks ${missing.join(', ')}`);
  if (surplus.length > 0) report('left', `record ${id} has ${surplus.join(', ')}`);
}
