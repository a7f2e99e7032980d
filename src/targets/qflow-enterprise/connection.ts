/**
 * Finds, lists and changes users of one Qflow enterprise. It owns what Qflow's answers mean for an account: when a create
 * met an existing user, whether a rename took effect, whether a removed user is really gone.
 */
import { classify } from '../http.ts';
import { type Failure, TargetError } from '../outcome.ts';
import { canonicalName, pinOf, sameEmail } from '../qflow-account.ts';
import type { Applied, Connection, Found, Io, Keys, Query, Step, Subject, Vault } from '../target.ts';
import { createClient, randomPassword, userOf } from './client.ts';
import { DISABLED_MARKER, GIVEN, marked, observe as observeAs, RANDOM, type UserRecord, unmarked } from './mapping.ts';
import type { Settings } from './settings.ts';

export function open(settings: Settings, vault: Vault): Connection {
  const client = createClient(settings, vault);
  const pin = pinOf(settings);
  const observe = (user: UserRecord) => observeAs(user, settings);
  const isNamed = (user: UserRecord, userName = '') =>
    canonicalName(String(user.userName ?? ''), pin) === canonicalName(userName, pin);
  const matches = (user: UserRecord, keys: Keys) =>
    isNamed(user, keys.userName) && sameEmail(String(user.email ?? ''), keys.email ?? '');

  /** Qflow looks up by e-mail only; the name is compared on our side. Of several users with one address it may show one. */
  async function look(keys: Keys, io: Io): Promise<UserRecord[]> {
    const shown = await client.byEmail(io, keys.email ?? '');
    const fitting = shown.filter((user) => matches(user, keys));
    if (fitting.length > 0 || shown.length === 0) return fitting;
    return (await client.all(io)).filter((user) => matches(user, keys));
  }

  async function find({ id, keys, openIntent }: Query, io: Io): Promise<Found> {
    const linked = id === null ? null : await client.get(io, id);
    if (linked) return { kind: 'found', observed: observe(linked) };
    if (id !== null && !openIntent) return { kind: 'absent' };
    const seen = new Map<string, UserRecord>();
    for (const pair of keys) for (const user of await look(pair, io)) seen.set(user.id, user);
    const [first, ...others] = seen.values();
    if (!first) return { kind: 'absent' };
    if (others.length === 0) return { kind: 'found', observed: observe(first) };
    return { kind: 'ambiguous', ids: [...seen.keys()], detail: `${seen.size} users have this name and e-mail address` };
  }

  async function create(body: Readonly<Record<string, string>>, given: string | undefined, io: Io): Promise<Applied> {
    const keys = { userName: body.userName ?? '', email: body.email ?? '' };
    const secret = body.password === undefined ? null : secretFor(body.password, given);
    const answer = await client.create(io, secret === null ? body : { ...body, password: secret });
    const isDone = answer.status >= 200 && answer.status < 300;
    if (!isDone && answer.status !== 409 && answer.status !== 400) throw new TargetError(classify(answer));
    const answered = isDone ? userOf(answer.body) : null;
    const user = answered ?? (await look(keys, io))[0];
    if (user && matches(user, keys)) {
      return { id: user.id, evidence: 'answer', observed: observe(user), ...(!isDone && { existed: true }) };
    }
    if (user) throw await taken(keys.userName, user.id, io);
    if (!isDone) throw await taken(keys.userName, null, io, refusal(classify(answer), answer.status === 409));
    throw new TargetError({ kind: 'retry', reason: 'the create was answered without a user in it', unclear: true });
  }

  /** A refusal because of a name: says who holds it. `otherwise` is thrown where nobody does. */
  async function taken(userName: string, holder: string | null, io: Io, otherwise?: Failure): Promise<TargetError> {
    const heldBy = holder ?? (await client.all(io)).find((user) => isNamed(user, userName))?.id ?? null;
    if (heldBy === null && otherwise) return new TargetError(otherwise);
    return new TargetError({ kind: 'reject', reason: `${userName} is the user name of another Qflow user`, heldBy });
  }

  /** @param ofTheName whether a taken name is what it means: at the look its holder may have gone. */
  function refusal(failure: Failure, ofTheName: boolean): Failure {
    return failure.kind === 'reject' && ofTheName ? { ...failure, heldBy: null } : failure;
  }

  /** Old and new name go together, so a rename that already happened, or another's in between, is seen by a read. */
  async function rename(id: string, userName: string, io: Io): Promise<Applied> {
    const before = await existing(id, io);
    if (isNamed(before, userName)) return { evidence: 'read', observed: observe(before) };
    try {
      await client.changeUserName(io, id, String(before.userName ?? ''), userName);
      return { evidence: 'answer', observed: observe({ ...before, userName }) };
    } catch (error) {
      if (!(error instanceof TargetError) || error.failure.kind === 'pause') throw error;
      const after = await existing(id, io);
      if (isNamed(after, userName)) return { evidence: 'read', observed: observe(after) };
      throw error.failure.kind === 'reject' ? await taken(userName, null, io, refusal(error.failure, true)) : error;
    }
  }

  /** Read, merge, write: a PUT replaces, and never carries a password or a changed name. */
  async function write(id: string, change: (user: UserRecord) => Record<string, unknown>, io: Io): Promise<Applied> {
    const before = await existing(id, io);
    const user: UserRecord = { ...before, ...change(before), id, userName: before.userName };
    await client.put(io, user);
    // A PUT without `password` may blank it [A]: that must not open a disabled account.
    if (String(user.customData ?? '').includes(DISABLED_MARKER)) await scramble(id, io);
    return { evidence: 'answer', observed: observe(user) };
  }

  /** First what takes access away; the marker last, so that a failure in between is seen and repeated. */
  async function disable(id: string, io: Io): Promise<Applied> {
    await scramble(id, io);
    await write(id, (user) => ({ customData: marked(user.customData) }), io);
    const observed = observe(await existing(id, io));
    if (observed.enabled) {
      throw new TargetError({ kind: 'retry', reason: `user ${id} does not show as disabled after it was` });
    }
    return { evidence: 'read', observed };
  }

  const scramble = (id: string, io: Io) => client.changePassword(io, id, randomPassword());

  async function existing(id: string, io: Io): Promise<UserRecord> {
    const user = await client.get(io, id);
    if (user) return user;
    throw new TargetError({ kind: 'retry', reason: `Qflow user ${id} is gone; it will be looked for again` });
  }

  /** The answer proves nothing: a server that overlooks the id may say 200 or 404 as well. Only the read after does. */
  async function remove(id: string, io: Io): Promise<Applied> {
    const ways = settings.deleteBy === 'body-then-query' ? (['body', 'query'] as const) : [settings.deleteBy];
    let last = '';
    for (const way of ways) {
      const answer = await client.remove(io, id, way);
      if ((await client.get(io, id)) === null) return { evidence: 'read' };
      last = `${answer.method} ${answer.path} answered ${answer.status}`;
    }
    throw new TargetError({ kind: 'reject', reason: `${last}, yet user ${id} is still there; see setting deleteBy` });
  }

  async function apply(step: Step, { id, observed, password: given }: Subject, io: Io): Promise<Applied> {
    const { id: _, newPassword, ...body } = step.body ?? {};
    if (step.kind === 'create') return create(body, given, io);
    if (id === null) throw new TargetError({ kind: 'reject', reason: `${step.kind} needs a user` });
    switch (step.kind) {
      case 'rename':
        return rename(id, body.newUserName ?? '', io);
      case 'update':
        if (newPassword === undefined) return write(id, () => body, io);
        await client.changePassword(io, id, secretFor(newPassword, given));
        // What was set cannot be read: the record stays what it was seen to be.
        return { evidence: 'answer', ...(observed && { observed }) };
      case 'disable':
        return disable(id, io);
      case 'enable': {
        const enabled = await write(id, (user) => ({ customData: unmarked(user.customData) }), io);
        if (newPassword !== undefined) await client.changePassword(io, id, secretFor(newPassword, given));
        return enabled;
      }
      case 'delete':
        return remove(id, io);
      default:
        throw new TargetError({ kind: 'reject', reason: `Qflow Enterprise has no ${step.kind}` });
    }
  }

  return {
    async check(io) {
      const total = await client.total(io);
      return `Signed in as ${settings.username}${total === null ? '' : `; users in the enterprise: ${total}`}.`;
    },
    find,
    async *list(io) {
      for (const user of await client.all(io)) yield observe(user);
    },
    apply,
  };
}

/** What a word in a step's body stands for. Nothing else is ever sent as a password. */
function secretFor(word: string, given: string | undefined): string {
  if (word === RANDOM) return randomPassword();
  if (word === GIVEN && given) return given;
  throw new TargetError({ kind: 'reject', reason: 'a password is to be set, and none was given' });
}
