/**
 * Finds, lists and changes users of one FlowMate installation. It owns what the answers mean for an account: whom a create
 * met, which roles are not ours to give, when a removal is seen. Whether a write took place is `records.ts`'s matter.
 */
import { randomBytes } from 'node:crypto';
import { classify } from '../http.ts';
import { TargetError } from '../outcome.ts';
import type {
  Applied,
  CatalogueEntry,
  Connection,
  Fields,
  Found,
  Io,
  Observed,
  Query,
  Step,
  Subject,
} from '../target.ts';
import { createClient, dataOf, isAccepted } from './client.ts';
import { isForbidden, isForbiddenError, refused, rejected, retried, taken } from './failures.ts';
import { fold, GIVEN, idsIn, listOf, observe as observeAs, RANDOM } from './mapping.ts';
import { createRecords } from './records.ts';
import { createRoles } from './roles.ts';
import type { Settings } from './settings.ts';

export function open(settings: Settings): Connection {
  const client = createClient(settings);
  const roles = createRoles(settings, client);
  const { observe, isOurs, read, present, patch } = createRecords(settings, client, roles);

  async function find({ id, keys, openIntent }: Query, io: Io): Promise<Found> {
    const linked = id === null ? null : await read(id, io);
    if (linked) return { kind: 'found', observed: await observe(linked, io) };
    if (id !== null && !openIntent) return { kind: 'absent' };
    const usernames = [...new Set(keys.map(({ username = '' }) => fold(username)).filter((name) => name !== ''))];
    const seen = (await client.named(io, usernames, !openIntent)).filter(isOurs);
    const ids = [...new Set(seen.map((user) => user.id))];
    const [first] = seen;
    if (!first) return { kind: 'absent' };
    if (ids.length === 1) return { kind: 'found', observed: await observe(first, io) };
    return { kind: 'ambiguous', ids, detail: `${ids.length} users have one of these names` };
  }

  async function create(step: Step, subject: Subject, io: Io): Promise<Applied> {
    const { roles: _, permissions: __, password = '', ...fields } = step.body ?? {};
    let { lists, roles: given } = await roles.forNew(step.grants ?? [], io);
    const user = { ...fields, password: spoken(password, subject) };
    let answer = await client.create(io, { ...user, ...lists });
    // A role that is not for this API account to give takes the whole create with it.
    if (isForbidden(answer) && Object.keys(lists).length > 0) {
      [lists, given] = [{}, []];
      answer = await client.create(io, user);
    }
    if (answer.status === 409) return existing(fields, io);
    if (!isAccepted(answer)) throw refused(answer);
    const id = client.idOf(dataOf(answer)) ?? client.idOf(answer.body);
    if (id === null) throw retried('the create was answered without an id in it', true);
    return { id, evidence: 'answer', observed: observeAs({ ...fields, ...lists, id }, given) };
  }

  /** A create was refused for its name: whose is it? */
  async function existing({ username = '' }: Fields, io: Io): Promise<Applied> {
    const [user] = await client.named(io, [username], false);
    if (user && isOurs(user)) {
      return { id: user.id, existed: true, evidence: 'answer', observed: await observe(user, io) };
    }
    throw taken(username, user?.id ?? null);
  }

  /** @param body with '' for what is cleared. */
  async function write(id: string, step: Step, subject: Subject, io: Io): Promise<Applied> {
    const body = Object.entries(step.body ?? {});
    const change = body.map(([name, value]) => [name, name === 'password' ? spoken(value, subject) : value || null]);
    const after = await patch(id, Object.fromEntries(change), io);
    if (after) return { evidence: 'read', observed: await observe(after, io) };
    const { observed } = subject;
    return { evidence: 'answer', ...(observed && { observed: changed(observed, step.body ?? {}) }) };
  }

  async function disable(id: string, io: Io): Promise<Applied> {
    await patch(id, { status: 'DISABLED' }, io);
    const observed = await observe(await present(id, io), io);
    if (observed.enabled) throw retried(`the user ${id} is ${observed.state} after it was disabled`, false);
    return { evidence: 'read', observed };
  }

  /**
   * Lists are written whole, so they are read first; and what was taken is seen to be gone.
   * @param kept null: to give; else to take, and these assignments stay.
   */
  async function assign(id: string, assignment: string, kept: readonly string[] | null, io: Io): Promise<Applied> {
    const before = await present(id, io);
    const change = await roles.change(before, assignment, kept, io);
    if (change === null) return { evidence: 'read', observed: await observe(before, io) };
    await patch(id, change, io).catch((error: unknown) => {
      if (!isForbiddenError(error)) throw error;
      throw rejected(`the API account may not change ${assignment}: FlowMate answered 403 FORBIDDEN`);
    });
    if (kept === null) return { evidence: 'answer', observed: await observe({ ...before, ...change }, io) };
    const after = await present(id, io);
    // By ids: of two roles with one name the other may stay.
    const isLeft = Object.entries(change).some(([list, left]) => {
      const taken = idsIn(before[list]).filter((each) => !left.includes(each));
      return idsIn(after[list]).some((each) => taken.includes(each));
    });
    if (isLeft) throw retried(`${assignment} is still shown after it was taken away`, false);
    return { evidence: 'read', observed: await observe(after, io) };
  }

  /** "OK" is also the answer for a user that never was; only the read after it tells. */
  async function remove(id: string, io: Io): Promise<Applied> {
    const answer = client.isPossible(id) ? await client.remove(io, id) : null;
    if (answer?.status === 403 && /^[A-Z_]+$/.test(answer.detail)) {
      await disable(id, io);
      const reason = `the API account may not delete users (iam.account.delete), so ${id} was disabled; give it that right, or set deletion to by-hand`;
      throw rejected(reason);
    }
    if (answer?.status === 403 || answer?.status === 429) throw new TargetError(classify(answer));
    if ((await client.get(io, id)) === null) return { evidence: 'read' };
    if (answer && !isAccepted(answer)) throw new TargetError(classify(answer));
    throw retried(`the user ${id} is still there after it was deleted`, false);
  }

  async function apply(step: Step, subject: Subject, io: Io): Promise<Applied> {
    if (step.kind === 'create') return create(step, subject, io);
    const { id } = subject;
    if (id === null) throw rejected(`${step.kind} needs a user`);
    switch (step.kind) {
      case 'rename':
      case 'update':
      case 'enable':
        return write(id, step, subject, io);
      case 'disable':
        return disable(id, io);
      case 'assign':
        return assign(id, step.subject ?? '', null, io);
      case 'unassign':
        return assign(id, step.subject ?? '', subject.desired?.assignments ?? [], io);
      case 'delete':
        return remove(id, io);
    }
  }

  async function check(io: Io): Promise<string> {
    const me = await client.me(io);
    const tenant = typeof me.tenant === 'string' ? me.tenant : '';
    const rights = [
      me.permissions,
      ...listOf(me.roles).map((role) => (role as { permissions?: unknown })?.permissions),
    ];
    const isAdmin = rights.flatMap(listOf).includes('all');
    if (!isAdmin && tenant !== '' && settings.tenantId !== '' && tenant !== settings.tenantId) {
      const reason = `the API account belongs to the FlowMate tenant ${tenant}, not to ${settings.tenantId}; is tenantId right?`;
      throw new TargetError({ kind: 'pause', reason });
    }
    client.forget();
    await client.named(io, [fold(String(me.username))], false);
    const whose = isAdmin ? 'administrator' : tenant === '' ? 'no tenant' : `tenant ${tenant}`;
    return `Signed in as ${String(me.username)} (${whose}).`;
  }

  return {
    check,
    find,
    async *list(io) {
      for (const user of (await client.all(io)).filter(isOurs)) yield await observe(user, io);
    },
    apply,
    async catalogue(io) {
      const kinds = [
        (await client.roles(io)).map(({ id, name, description }): CatalogueEntry => {
          return { kind: 'role', id, name, ...(description !== '' && { description }) };
        }),
        (await client.permissions(io)).map((name): CatalogueEntry => ({ kind: 'permission', id: name, name })),
      ];
      return kinds.flat();
    },
  };
}

/** 192 random bits, and one character of each class that password rules ask for. */
const randomPassword = () => `${randomBytes(24).toString('base64url')}aA1!`;

/** What a word in angle brackets stands for. */
function spoken(password: string, subject: Subject): string {
  if (password === RANDOM) return randomPassword();
  if (password === GIVEN && subject.password !== undefined) return subject.password;
  throw rejected('the plan sets a password that was not given');
}

function changed(observed: Observed, { username, status, password: _, ...fields }: Fields): Observed {
  return {
    ...observed,
    fields: { ...observed.fields, ...fields },
    ...(username !== undefined && { keys: { username } }),
    ...(status !== undefined && { enabled: status === 'ACTIVE', state: status }),
  };
}
