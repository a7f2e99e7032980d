/** Creating, replacing, patching and deleting one resource, inside the transaction that also records what was done. */
import type { Kysely } from 'kysely';
import { instant, searchForm } from '../scim/comparable.ts';
import { type Document, isObject, sameValue } from '../scim/document.ts';
import { preconditionFailed } from '../scim/errors.ts';
import { etag, namesVersion } from '../scim/etag.ts';
import { applyPatch } from '../scim/patch.ts';
import { type Note, note } from '../scim/quirks.ts';
import { readResource } from '../scim/resource.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { Dialect } from '../store/dialect.ts';
import type { Database, Millis } from '../store/tables.ts';
import { recordActivity, recordChange } from './changes.ts';
import type { DirectoryCaller } from './directory.ts';
import { lookupsOf, writeLookups } from './lookups.ts';
import { leaveGroups, type MembersDelta, type MembersWish, membersDelta, writeMembers } from './members.ts';
import { forgetPasswords, type Passwords } from './passwords.ts';
import { isId, type Row, requireRow } from './reading.ts';
import { wishOf, wishOnly } from './relation-wish.ts';
import { memberValue, type Relations } from './relations.ts';
import { inherit, leaveTombstone, personOf } from './tombstones.ts';

/** One write: in which transaction, for whom, on what, when. */
export interface Writing {
  trx: Kysely<Database>;
  dialect: Dialect;
  caller: DirectoryCaller;
  type: ResourceType;
  now: Millis;
  /** Change only what still has one of these versions (`If-Match`). */
  ifMatch?: string | undefined;
  /** Change only what has none of these versions (`If-None-Match`). */
  ifNoneMatch?: string | undefined;
  /** Where the message's quirks are put down, also where it is refused. */
  notes: Note[];
  /** Where passwords are kept until they are delivered; undefined: nowhere. */
  passwords?: Passwords | undefined;
}

/** The row as it is now. */
export interface Saved extends Row {
  /** False: the request changed nothing, and nothing was written. */
  changed: boolean;
  /** Attributes that the request gave a value, or another one. */
  written: readonly string[];
  /** Where they are known without reading. */
  relations?: Relations;
}

/** In the activity of a write that set one: that, and never what. */
const PASSWORD = 'password';

const NO_DELTA: MembersDelta = { added: [], removed: [] };

export async function createRow(writing: Writing, id: string, body: unknown): Promise<Saved> {
  const { trx, dialect, caller, type, now } = writing;
  const { document, relations, password } = readResource(body, type, 'create', readOptions(writing));
  const keeps = await keepPassword(writing, id, password, true);
  const search = searchForm(document, type);
  const at = instantOf(now);
  const row: Row = { id, version: 1, created: at, last_modified: at, document: JSON.stringify(document) };
  await trx
    .insertInto('resources')
    .values({
      ...row,
      tenant: caller.tenant,
      type: type.name,
      search: dialect.jsonb(JSON.stringify(search)),
      deleted_at: null,
    })
    .execute();
  await writeLookups(trx, { tenant: caller.tenant, id, type: type.name }, lookupsOf(type, search), []);
  const person = personOf(type, search);
  if (person !== null) await inherit(trx, { tenant: caller.tenant, id, person });

  const relation = writableRelation(type);
  const values = relation ? (relations[relation] ?? []) : [];
  const added = [...wishOnly(values).add.values()];
  // A group without members concerns nobody.
  if (!relation || added.length > 0) {
    const seq = await recordChange(
      trx,
      caller,
      { subject: relation ? 'group-members' : 'user', subjectId: id, urgent: false },
      now,
    );
    if (relation) await putMembers(writing, id, relation, { added, removed: [] }, seq);
  }
  await recordActivity(
    trx,
    caller,
    {
      action: 'create',
      resourceType: type.name,
      resourceId: id,
      changed: [...Object.keys(document), ...(keeps ? [PASSWORD] : [])],
    },
    now,
  );
  const known = relation && added.length > 0 ? { [relation]: added.map(memberValue) } : {};
  return { ...row, changed: true, written: pathsIn(document, type), relations: known };
}

export async function replaceRow(writing: Writing, id: string, body: unknown): Promise<Saved> {
  const { type } = writing;
  const row = await lockRow(writing, id);
  const before = JSON.parse(row.document) as Document;
  const { document, relations, password } = readResource(body, type, { replace: before }, readOptions(writing));
  const keeps = await keepPassword(writing, id, password);
  const relation = writableRelation(type);
  // RFC 7644 section 3.5.1: an attribute that is left out is cleared.
  const wish = relation ? wishOnly(relations[relation] ?? []) : null;
  return save(writing, row, { action: 'replace', before, document, wish, keeps });
}

export async function patchRow(writing: Writing, id: string, body: unknown): Promise<Saved> {
  const { trx, caller, type } = writing;
  const row = await lockRow(writing, id);
  const before = JSON.parse(row.document) as Document;
  const createOnReplace = caller.idp === 'entra';
  const patched = applyPatch(before, body, type, { createOnReplace, ...readOptions(writing) });
  const keeps = await keepPassword(writing, id, patched.password);
  const wish = await wishOf(trx, caller.tenant, id, patched.relations);
  return save(writing, row, { action: 'patch', before, document: patched.document, wish, keeps });
}

/** @returns whether somebody is to be given it; else it makes no difference that it was sent. @throws Unsealed */
async function keepPassword(writing: Writing, userId: string, password: string | undefined, initial = false) {
  const { trx, caller, now, passwords } = writing;
  const owner = { tenant: caller.tenant, userId };
  return (await passwords?.keep(trx, { owner, initial, now }, password)) ?? false;
}

function readOptions({ caller, notes }: Writing) {
  return { strict: caller.strict, notes };
}

/** Marked, not removed: what hangs on it has still to be drained. Its names are free at once. */
export async function removeRow(writing: Writing, id: string): Promise<void> {
  const { trx, caller, type, now } = writing;
  const { tenant } = caller;
  await lockWithGroups(writing, id);
  const row = await lockRow(writing, id);
  await trx
    .updateTable('resources')
    .set({ deleted_at: now, last_modified: instantOf(now) })
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .execute();
  await trx.deleteFrom('lookups').where('tenant', '=', tenant).where('resource_id', '=', id).execute();
  await leaveGroups(trx, tenant, id, instantOf(now));
  const person = personOf(type, searchForm(JSON.parse(row.document) as Document, type));
  if (person !== null) await leaveTombstone(trx, { tenant, id, person }, now);
  const subject = writableRelation(type) ? 'group' : 'user';
  if (subject === 'user') await forgetPasswords(trx, { tenant, userId: id });
  await recordChange(trx, caller, { subject, subjectId: id, urgent: true }, now);
  await recordActivity(trx, caller, { action: 'delete', resourceType: type.name, resourceId: id, changed: [] }, now);
}

/** Its groups change too. In the order of ids, because groups that contain each other may be deleted at the same time. */
async function lockWithGroups({ trx, dialect, caller: { tenant } }: Writing, id: string): Promise<void> {
  if (!isId(id)) return;
  const groups = trx.selectFrom('members').select('group_id').where('tenant', '=', tenant).where('member_id', '=', id);
  await trx
    .selectFrom('resources')
    .select('id')
    .where('tenant', '=', tenant)
    .where((row) => row.or([row('id', '=', id), row('id', 'in', groups)]))
    .orderBy('id')
    .modifyEnd(dialect.forUpdate)
    .execute();
}

/** Locked until the transaction ends, so that the version which is compared is the one that is changed. */
async function lockRow({ trx, dialect, caller, type, ifMatch, ifNoneMatch }: Writing, id: string): Promise<Row> {
  const row = await requireRow({ db: trx, dialect, tenant: caller.tenant, type }, id, true);
  if (ifMatch !== undefined && !namesVersion(ifMatch, row.version)) {
    throw preconditionFailed(`The ${type.name} has changed: its version is ${etag(row.version)}. Read it again.`);
  }
  if (ifNoneMatch !== undefined && namesVersion(ifNoneMatch, row.version)) {
    throw preconditionFailed(`The ${type.name} is there, in a version that If-None-Match names.`);
  }
  return row;
}

interface Edit {
  action: 'replace' | 'patch';
  before: Document;
  document: Document;
  /** Null: the type has no members. */
  wish: MembersWish | null;
  /** A password came along, and is kept for who is to be given it. */
  keeps: boolean;
}

/** Writes what differs. A request that changes nothing writes nothing: no version, no activity, no change. */
async function save(writing: Writing, row: Row, { action, before, document, wish, keeps }: Edit): Promise<Saved> {
  const { trx, dialect, caller, type, now } = writing;
  const { tenant } = caller;
  const delta = wish ? await membersDelta(trx, dialect, tenant, row.id, wish) : NO_DELTA;
  const edited = changedPaths(before, document, type);
  const moved = delta.added.length > 0 || delta.removed.length > 0;
  const written = action === 'replace' ? pathsIn(document, type) : edited;
  if (edited.length === 0 && !moved && !keeps) return { ...row, changed: false, written };

  const relation = writableRelation(type);
  const subject = !relation ? 'user' : edited.length > 0 ? 'group' : 'group-members';
  const urgent = relation ? edited.length > 0 || delta.removed.length > 0 : isDeactivation(before, document);
  const seq = await recordChange(trx, caller, { subject, subjectId: row.id, urgent }, now);
  if (moved && relation) await putMembers(writing, row.id, relation, delta, seq);

  const saved: Row = { ...row, version: row.version + 1, last_modified: instantOf(now) };
  if (edited.length > 0) {
    const search = searchForm(document, type);
    const resource = { tenant, id: row.id, type: type.name };
    await writeLookups(trx, resource, lookupsOf(type, search), lookupsOf(type, searchForm(before, type)));
    saved.document = JSON.stringify(document);
    await updateRow(trx, tenant, saved, { document: saved.document, search: dialect.jsonb(JSON.stringify(search)) });
  } else {
    await updateRow(trx, tenant, saved, {});
  }
  const changed = [...edited, ...(moved && relation ? [relation] : []), ...(keeps ? [PASSWORD] : [])];
  await recordActivity(trx, caller, { action, resourceType: type.name, resourceId: row.id, changed }, now);
  return { ...saved, changed: true, written };
}

async function putMembers(writing: Writing, groupId: string, relation: string, delta: MembersDelta, seq: number) {
  const { trx, caller } = writing;
  const { strangers } = await writeMembers(trx, caller.tenant, groupId, delta, seq);
  if (strangers) note(writing, 'unknown-member', relation);
}

async function updateRow(
  trx: Kysely<Database>,
  tenant: string,
  row: Row,
  content: { document?: string; search?: unknown },
) {
  await trx
    .updateTable('resources')
    .set({ version: row.version, last_modified: row.last_modified, ...content })
    .where('tenant', '=', tenant)
    .where('id', '=', row.id)
    .execute();
}

function isDeactivation(before: Document, after: Document): boolean {
  return before.active !== false && after.active === false;
}

/** The attribute whose values live in rows and may be written: it makes its type a group. */
function writableRelation(type: ResourceType): string | undefined {
  return [...type.relations.values()].find((relation) => relation.mutability !== 'readOnly')?.name;
}

function pathsIn(document: Document, type: ResourceType): string[] {
  return changedPaths({}, document, type);
}

/** Top-level attributes that differ; those of an extension under its URN. */
function changedPaths(before: Document, after: Document, type: ResourceType): string[] {
  const extensions = new Set(type.extensions.map(({ schema }) => schema.id));
  return differing(before, after).flatMap((name) => {
    if (!extensions.has(name)) return name;
    const [old, now] = [before[name], after[name]].map((value) => (isObject(value) ? value : {}));
    return differing(old ?? {}, now ?? {}).map((inner) => `${name}:${inner}`);
  });
}

function differing(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => !sameValue(before[name], after[name]));
}

/** Comparable form of an instant. */
export function instantOf(now: Millis): string {
  const text = new Date(now).toISOString();
  return instant(text) ?? text;
}
