/**
 * Finds, lists and changes the end users of one uflow tenant. It owns what uflow's answers mean for a person: which of
 * several records with one address is ours, when a registration has made a double, whether a removal took effect.
 */
import { randomBytes } from 'node:crypto';
import { TargetError } from '../outcome.ts';
import type { Applied, Connection, Fields, Found, Io, Query, Step, Subject } from '../target.ts';
import { createClient, endUserOf } from './client.ts';
import { createLookup, isOurs } from './lookup.ts';
import { madeSince } from './making.ts';
import { type EndUser, folded, GIVEN, observe, RANDOM } from './mapping.ts';
import type { Settings } from './settings.ts';

export function open(settings: Settings): Connection {
  const client = createClient(settings);
  const lookup = createLookup(client, settings);

  async function find({ id, keys, last, openIntent, since }: Query, io: Io): Promise<Found> {
    const emails = [last, ...keys.map((pair) => ({ keys: pair }))].flatMap((each) => each?.keys.email ?? []);
    if (id !== null) {
      const { user } = await lookup.withId(io, id, emails, last?.enabled);
      if (user) return { kind: 'found', observed: observe(user) };
      if (!openIntent) return { kind: 'absent' };
    }
    const fits = new Map<string, EndUser>();
    for (const { email = '' } of keys) for (const user of await lookup.withEmail(io, email)) fits.set(user.id, user);
    const all = [...fits.values()];
    // Made since we began to: the first is the account, what came after it are doubles of our own making.
    const [made, ...doubles] = since ? madeSince(all, since, client.clockOffset()) : [];
    if (made) {
      const ids = doubles.map((user) => user.id);
      return { kind: 'found', observed: observe(made), ...(ids.length > 0 && { doubles: ids }) };
    }
    const [first, ...others] = all;
    if (!first) return { kind: 'absent' };
    if (others.length === 0) return { kind: 'found', observed: observe(first) };
    return { kind: 'ambiguous', ids: [...fits.keys()], detail: `${all.length} end users have this e-mail address` };
  }

  async function create(body: Fields, given: string | undefined, io: Io): Promise<Applied> {
    const { active, password, ...user } = body;
    const email = body.email ?? '';
    // Not every version refuses a double, and an attempt that was given up may have landed late, before this one's intent:
    // found now, it is one record; found beside a second, nobody could tell whose it is. What was just made is active.
    const [before] = await lookup.withEmail(io, email, [true]);
    if (before) return { id: before.id, existed: true, evidence: 'answer', observed: observe(before) };
    const answer = await client.register(io, { ...user, ...(password && { password: secretFor(password, given) }) });
    if (answer.status === 409) return holderOf(email, io);
    const users = await lookup.withEmail(io, email, [true]);
    const [first] = users;
    if (users.length > 1) {
      // One of them landed in between: looking again, by the times of making, tells ours from others.
      const reason = `${users.length} users have the address ${email} after it was registered`;
      throw new TargetError({ kind: 'retry', reason, unclear: true });
    }
    if (!first) {
      const id = endUserOf(answer.body)?.id ?? 'without an id';
      const reason = `${email} was registered (${id}), yet no list shows it; registering again might make a second`;
      throw new TargetError({ kind: 'reject', reason });
    }
    if (active !== 'false') return { id: first.id, evidence: 'answer', observed: observe(first) };
    requireThere(await client.setActive(io, first.id, false), first.id);
    return { id: first.id, evidence: 'answer', observed: observe({ ...first, active: false }) };
  }

  /** A registration was refused because the address is there. */
  async function holderOf(email: string, io: Io): Promise<Applied> {
    const [first, ...others] = await lookup.withEmail(io, email);
    if (first && others.length === 0) {
      return { id: first.id, existed: true, evidence: 'answer', observed: observe(first) };
    }
    const reason = `uflow answered that ${email} exists, and lists ${first ? 'several users' : 'nobody'} with that address`;
    throw new TargetError({ kind: 'reject', reason, ...(!first && { heldBy: null }) });
  }

  /** Neither documents nor code promise that a taken address is refused, so it is looked for first. */
  async function correct(id: string, { kind, body = {} }: Step, { observed }: Subject, io: Io): Promise<Applied> {
    if (kind === 'rename') {
      const holder = (await lookup.withEmail(io, body.email ?? '')).find((user) => user.id !== id);
      if (holder) throw takenBy(holder);
    }
    requireThere(await client.update(io, id, body), id);
    if (!observed) return { evidence: 'answer' };
    const fields = { ...observed.fields, ...body };
    return { evidence: 'answer', observed: observe({ ...fields, id, active: observed.enabled }) };
  }

  const emailsOf = ({ observed, desired }: Subject) => [observed, desired].flatMap((each) => each?.keys.email ?? []);

  async function disable(id: string, subject: Subject, io: Io): Promise<Applied> {
    requireThere(await client.setActive(io, id, false), id);
    const { user, by } = await lookup.withId(io, id, emailsOf(subject), false);
    if (user?.active) throw stillThere(`user ${id} still shows as active after it was deactivated`);
    return { evidence: by, ...(user && { observed: observe(user) }) };
  }

  /** A double that is inactive already is left alone: some versions mail the person at every call. */
  async function disableDouble(id: string, subject: Subject, io: Io): Promise<Applied> {
    const before = await lookup.withId(io, id, emailsOf(subject));
    if (!before.user?.active) return { evidence: before.by };
    const { evidence } = await disable(id, subject, io);
    return { evidence, ...(subject.observed && { observed: subject.observed }) };
  }

  async function remove(id: string, subject: Subject, io: Io): Promise<Applied> {
    const isHard = settings.deleteBy === 'hard';
    // Who is not there any more is as deleted as who just was: the look after it tells.
    await (isHard ? client.hardDelete(io, id) : client.softDelete(io, id));
    const { user, by } = await lookup.withId(io, id, emailsOf(subject), false);
    if (user && (isHard || user.active)) throw stillThere(`user ${id} is still there after it was deleted`);
    return { evidence: by };
  }

  async function apply(step: Step, subject: Subject, io: Io): Promise<Applied> {
    if (step.kind === 'create') return create(step.body ?? {}, subject.password, io);
    if (step.record !== undefined) return disableDouble(step.record, subject, io);
    const { id } = subject;
    if (id === null) throw new TargetError({ kind: 'reject', reason: `${step.kind} needs an end user` });
    switch (step.kind) {
      case 'rename':
      case 'update':
        return correct(id, step, subject, io);
      case 'disable':
        return disable(id, subject, io);
      case 'enable':
        requireThere(await client.setActive(io, id, true), id);
        return { evidence: 'answer', ...(subject.observed && { observed: { ...subject.observed, enabled: true } }) };
      case 'delete':
        return remove(id, subject, io);
      default:
        throw new TargetError({ kind: 'reject', reason: `uflow has no ${step.kind}` });
    }
  }

  return {
    async check(io) {
      const { users, total } = await client.page(io, { active: true }, 1);
      const foreign = users.filter((user) => !isOurs(user, settings)).length;
      const who = settings.logIn === 'token' ? 'the owner of the token' : settings.username;
      const warning = foreign > 0 ? ` ${foreign} users of other tenants are listed too; they are left out.` : '';
      return `Signed in as ${who}; ${total} active end users in tenant ${settings.tenantId}.${warning}`;
    },
    find,
    async *list(io) {
      for (const user of await lookup.everybody(io)) yield observe(user);
    },
    apply,
  };
}

function requireThere(isThere: boolean, id: string): void {
  if (!isThere) throw new TargetError({ kind: 'retry', reason: `end user ${id} is gone; it will be looked for again` });
}

/** What a soft deletion has left keeps its address. */
function takenBy({ id, email, active }: EndUser): TargetError {
  const who = `another end user there (${id}, ${active ? 'active' : 'inactive'})`;
  const reason = `${folded(email)} is the address of ${who}: change or delete that one, then sync this user again`;
  return new TargetError({ kind: 'reject', reason, heldBy: id });
}

const stillThere = (reason: string) => new TargetError({ kind: 'retry', reason });

/** 192 random bits, and one character of each class that password rules ask for. */
function secretFor(word: string, given: string | undefined): string {
  if (word === RANDOM) return `${randomBytes(24).toString('base64url')}aA1!`;
  if (word === GIVEN && given !== undefined) return given;
  throw new TargetError({ kind: 'retry', reason: 'the password that was to be passed on is not at hand' });
}
