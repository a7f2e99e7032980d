/**
 * What a uflow end user should look like, and the calls that make it so: pure functions, no HTTP. The key is the e-mail
 * address, compared without case; the system itself does not always keep it unique.
 */
import { email, fieldsBut, required } from '../person.ts';
import type { Desired, Mapped, Memory, Observed, Person, Step } from '../target.ts';
import type { Settings } from './settings.ts';

/** A user as a list or a read gives it: with its id and whether it is active, whatever the answer called them. */
export type EndUser = Readonly<Record<string, unknown>> & { id: string; active: boolean };

/** Stand for a password that is made, or handed over, at the moment of sending. */
export const RANDOM = '<random>';
export const GIVEN = '<given>';

export const mapping: Record<string, Mapped> = {
  email: { ...email, description: 'E-mail address: what the person is known by there' },
  // One field, which a registration cannot do without [C]: never split back, never empty.
  name: {
    expression: [
      'has(user.displayName) ? user.displayName',
      'has(user.name.formatted) ? user.name.formatted',
      'has(user.name.givenName) && has(user.name.familyName) ? user.name.givenName + " " + user.name.familyName',
      'has(user.name.givenName) ? user.name.givenName',
      'has(user.name.familyName) ? user.name.familyName',
      'user.userName',
    ].join(' : '),
    description: 'Full name',
  },
};

export const folded = (address: unknown): string => (typeof address === 'string' ? address.trim().toLowerCase() : '');

export function desired(person: Person): Desired | null {
  if (person.presence === 'absent') return null;
  const address = required(person, 'email');
  return {
    presence: person.presence,
    keys: { email: folded(address) },
    // A registration needs a name: who has none is called by the address.
    fields: { ...fieldsBut(person), email: address, ...(person.values.name === null && { name: address }) },
    assignments: [],
    password: person.password,
  };
}

export function observe(user: EndUser): Observed {
  return {
    id: user.id,
    keys: { email: folded(user.email) },
    fields: { email: text(user.email), name: nameOf(user) },
    enabled: user.active,
    assignments: [],
  };
}

/** Newer lists give the name in two halves. */
function nameOf({ name, first_name, last_name }: EndUser): string {
  return typeof name === 'string' ? name : `${text(first_name)} ${text(last_name)}`.trim();
}

export function plan(desired: Desired | null, observed: Observed | null, memory: Memory, settings: Settings): Step[] {
  const doubles = (memory.doubles ?? []).filter((id) => id !== observed?.id);
  return [
    ...doubles.map((id) => ({ ...setActive(id, false, settings), record: id })),
    ...own(desired, observed, settings),
  ];
}

/** The steps on the account's own record. */
function own(desired: Desired | null, observed: Observed | null, settings: Settings): Step[] {
  if (desired === null) return observed ? removal(observed, settings) : [];
  if (observed === null) return [create(desired, settings)];
  const { id, enabled } = observed;
  return [
    ...(desired.presence === 'inactive' && enabled ? [setActive(id, false, settings)] : []),
    ...correct(desired, observed, settings),
    ...(desired.presence === 'active' && !enabled ? [setActive(id, true, settings)] : []),
  ];
}

/** A record that a soft deletion has left behind is as deleted as it can be. */
function removal({ id, enabled }: Observed, { deleteBy, tenantField, tenantId }: Settings): Step[] {
  if (deleteBy === 'hard') {
    const body = { [tenantField]: tenantId, user_id: id };
    return [{ kind: 'delete', call: 'POST /uflow/user/enduser/delete_all', body }];
  }
  return enabled ? [{ kind: 'delete', call: `DELETE /uflow/user/enduser/${tenantId}/${id}` }] : [];
}

/** The one call that takes `false` in every version; it may mail the person each time, so it is made only for a change. */
function setActive(id: string, active: boolean, { tenantField, tenantId }: Settings): Step {
  const body = { [tenantField]: tenantId, user_id: id, active: String(active) };
  return { kind: active ? 'enable' : 'disable', call: 'POST /uflow/admin/enduser/active', body };
}

/** A registration makes active users only: `active` is carried out by a second call. */
function create({ presence, fields, password }: Desired, settings: Settings): Step {
  const { tenantField, tenantId, clientId, projectId, provider, reality } = settings;
  // The code reads no password: none is sent for nothing.
  const secret = reality === 'code' ? undefined : { random: RANDOM, given: GIVEN, none: undefined }[password ?? 'none'];
  const body = {
    [tenantField]: tenantId,
    ...(clientId !== '' && { client_id: clientId }),
    ...(projectId !== '' && { project_id: projectId }),
    ...fields,
    name: fields.name || (fields.email ?? ''),
    provider,
    ...(secret && { password: secret }),
    ...(presence === 'inactive' && { active: 'false' }),
  };
  return { kind: 'create', call: 'POST /uflow/user/clients/register', body };
}

/** What is left out stays as it is, so only what differs is sent. */
function correct({ keys, fields }: Desired, observed: Observed, { tenantId }: Settings): Step[] {
  const renames = keys.email !== observed.keys.email;
  const changed = Object.entries(fields).filter(([name, value]) =>
    name === 'email' ? renames : value !== (observed.fields[name] ?? '').trim(),
  );
  if (changed.length === 0) return [];
  return [
    {
      kind: renames ? 'rename' : 'update',
      call: `PUT /uflow/user/enduser/${tenantId}/${observed.id}`,
      body: Object.fromEntries(changed),
      changes: changed.map(([name]) => name),
    },
  ];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
