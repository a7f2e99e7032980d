/** Tenants full of generated users, groups and things, the same ones in each store. */
import fc from 'fast-check';
import type { Directory, DirectoryCaller } from '../../src/directory/directory.ts';
import type { Complex } from '../../src/scim/document.ts';
import type { Resource } from '../../src/scim/projection.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { bodyOf } from './resources.ts';
import { SEED } from './runs.ts';
import { TYPES } from './thing.ts';
import { TEXTS } from './values.ts';

export interface Population {
  tenant: string;
  /** Each type's resources as they go out, in the order of insertion. */
  resources: ReadonlyMap<ResourceType, readonly Resource[]>;
}

const SIZES = new Map(TYPES.map((type, index) => [type, [14, 9, 12][index] ?? 0]));
const [USER, GROUP] = TYPES;

export function callerOf(tenant: string): DirectoryCaller {
  return { tenant, idp: 'generic', actor: 'test', activityId: crypto.randomUUID() };
}

/** Creates, changes, and takes away again: what was deleted, and who is no member any more, must not be found. */
export async function populate(directory: Directory, number: number): Promise<Population> {
  const tenant = `tenant${number}`;
  const as = () => callerOf(tenant);
  const ids: string[] = [];
  for (const [type, size] of SIZES) {
    const bodies = fc.sample(bodyOf(type), { seed: SEED + number, numRuns: size + 2 });
    for (const [index, body] of bodies.entries()) {
      const relations = type === GROUP ? { members: membersFor(ids, index) } : {};
      const created = await directory.create(as(), type, { ...body, ...nameFor(type, index), ...relations }, {});
      ids.push(created.resource?.id ?? '');
    }
    const own = ids.slice(-bodies.length);
    const [first = '', second = ''] = own;
    await directory.patch(as(), type, own.at(-1) ?? '', patchOf(type), {});
    // A member that left, and one that came back.
    if (type === GROUP) {
      for (const op of ['remove', 'add']) {
        const operation = {
          op,
          path: 'members',
          value: ids.slice(op === 'remove' ? 2 : 3, 5).map((value) => ({ value })),
        };
        for (const id of own.slice(2)) await directory.patch(as(), type, id, { Operations: [operation] }, {});
      }
    }
    await directory.remove(as(), type, first, {});
    if (type === USER) await directory.remove(as(), type, second, {});
  }
  const resources = new Map<ResourceType, readonly Resource[]>();
  for (const type of TYPES) {
    const { Resources } = await directory.list(as(), [type], { count: '1000' });
    resources.set(type, JSON.parse(JSON.stringify(Resources)));
  }
  return { tenant, resources };
}

/** A tenant in which each of TEXTS is the value of four attributes of one user: caseExact or not, with an index or without. */
export async function populateWithTexts(directory: Directory): Promise<Population> {
  const tenant = 'texts';
  for (const [index, text] of TEXTS.entries()) {
    const body = { userName: `user${index}`, nickName: text, displayName: text, profileUrl: text, externalId: text };
    await directory.create(callerOf(tenant), USER, body, {});
  }
  const { Resources } = await directory.list(callerOf(tenant), [USER], { count: '1000' });
  return { tenant, resources: new Map([[USER, JSON.parse(JSON.stringify(Resources))]]) };
}

/** Required, and unique without case: an adversarial text with a number at its front or its end. */
function nameFor(type: ResourceType, index: number): Complex {
  const text = TEXTS[(index * 7 + type.name.length * 13) % TEXTS.length] ?? '';
  const name = type.name === 'User' ? 'userName' : type.name === 'Group' ? 'displayName' : 'serial';
  return { [name]: index % 2 === 0 ? `${text}.${index}` : `${index}.${text}` };
}

/** Users, groups that are there already, and ids that nobody has, some of them with a description. */
function membersFor(ids: readonly string[], index: number): Complex[] {
  const known = ids.filter((_, at) => (at * 31 + index * 17) % 5 < 2);
  const members = [...known, `nobody${index % 3}`, ...(index % 4 === 0 ? ['NOBODY%_', ids.at(-1) ?? 'x'] : [])];
  return index === 1
    ? []
    : members.map((value, at) => ({
        value,
        ...(at % 3 > 0 && { display: TEXTS[(at * 11 + index * 5) % TEXTS.length] ?? '' }),
        ...(at % 2 > 0 && { type: at % 4 === 1 ? 'User' : 'group' }),
      }));
}

function patchOf(type: ResourceType) {
  const value = { externalId: 'patched', ...(type === USER && { title: '', active: false }) };
  return { Operations: [{ op: 'add', value }] };
}
