/** Random small directories, drafts of rules, and what a plan says that will be called, for planning.test.ts. */

import type { TargetInput } from '../../src/sync/admin/targets.ts';
import type { PlannedAccount } from '../../src/sync/planning/planned.ts';
import type { Random } from '../chaos/random.ts';
import { patch, type SandboxCall, type Scim } from '../linkspan.ts';

/** An identity provider with a few people, who changes something about somebody at random. */
export function createIdp(scim: Scim, random: Random) {
  const people: string[] = [];
  const groups: string[] = [];
  let made = 0;
  const freed: string[] = [];

  const create = async (userName = `p${made}@example.com`) => {
    made += 1;
    const userType = random.pick(['Employee', 'EndUser', null]);
    const body = { userName, userType, title: random.pick(['a', 'b']), name: { givenName: `P${made}` } };
    people.push((await scim('POST', '/Users', body)).body.id);
  };
  const change = (id: string, path: string, value: unknown) =>
    scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path, value }));

  return {
    async populate() {
      for (const name of ['Event 1001', 'Event 1002', 'Team 1003']) {
        groups.push((await scim('POST', '/Groups', { displayName: name })).body.id);
      }
      for (let n = 0; n < 6; n++) await create();
      for (let n = 0; n < 6; n++) await this.regroup();
    },
    async regroup() {
      const value = [{ value: random.pick(people) }];
      const op = random.chance(0.7) ? 'add' : 'remove';
      await scim('PATCH', `/Groups/${random.pick(groups)}`, patch({ op, path: 'members', value }));
    },
    /** One thing. Names are not swapped: a circle of renames takes a call more than the plan of each. */
    async disturb() {
      const id = people.length > 0 ? random.pick(people) : null;
      const deed = random.below(7);
      if (id === null || deed === 0) return create(random.chance(0.5) ? freed.pop() : undefined);
      if (deed === 1) return change(id, 'userName', `moved${made++}@example.com`);
      if (deed === 2) return change(id, 'active', random.chance(0.5));
      if (deed === 3) return change(id, 'userType', random.pick(['Employee', 'EndUser']));
      if (deed === 4) return change(id, 'name.familyName', `F${made++}`);
      if (deed === 5) return this.regroup();
      const { userName } = (await scim('GET', `/Users/${id}`)).body;
      await scim('DELETE', `/Users/${id}`);
      people.splice(people.indexOf(id), 1);
      freed.push(userName);
    },
  };
}

export function randomRules(random: Random): NonNullable<TargetInput['rules']> {
  const scopes = [null, 'userType eq "Employee"', 'userType pr', 'title eq "a"', 'active eq true', 'userName sw "p"'];
  return {
    scope: random.pick(scopes),
    onlyAssigned: random.chance(0.3),
    outOfScope: random.pick(['disable', 'delete', 'keep']),
    deleted: random.pick(['disable', 'delete', 'keep']),
    neverDelete: random.chance(0.1),
    protected: random.chance(0.1) ? 'title eq "b"' : null,
    assignments: random.pick([[], [{ groupPrefix: 'Event ' }], [{ groupPrefix: 'Event ' }, { groupPrefix: 'Team ' }]]),
  };
}

/** How often each `METHOD path` is planned, with `{id}` for every id. */
export function plannedCalls(accounts: readonly PlannedAccount[]): Record<string, number> {
  const calls = accounts.flatMap(({ steps }) => steps.flatMap(({ call }) => call.split(', ')));
  return counted(calls.map((call) => neutral(call.split('/api')[1] ?? '', call.split(' ')[0] ?? '')));
}

/** How often each was made: those that change something. */
export function madeCalls(calls: readonly SandboxCall[]): Record<string, number> {
  const changing = calls.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/token'));
  return counted(changing.map(({ method, path }) => neutral(path.split('/api')[1] ?? '', method)));
}

function neutral(path: string, method: string): string {
  return `${method} ${path.replaceAll(/\{id\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '{id}')}`;
}

function counted(names: readonly string[]): Record<string, number> {
  // Qflow Enterprise scrambles the password again with every write to a record that is marked: that is no step of its own.
  const steps = names.filter((name) => !name.endsWith('/changepassword'));
  const groups = Map.groupBy(steps, (name) => name);
  return Object.fromEntries([...groups].map(([name, list]) => [name, list.length]));
}
