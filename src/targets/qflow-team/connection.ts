/**
 * Finds, lists and changes the team members of one Qflow account. It owns what Qflow's answers mean for a member: that a
 * create may give back somebody else, that a list may not show a member who is there, when an event is really taken away.
 */
import { classify } from '../http.ts';
import { TargetError } from '../outcome.ts';
import { sameEmail } from '../qflow-account.ts';
import { createSharedList } from '../shared-list.ts';
import type {
  Applied,
  CatalogueEntry,
  Connection,
  Fields,
  Found,
  Io,
  Keys,
  Observed,
  Query,
  Step,
  Subject,
  Vault,
} from '../target.ts';
import { createClient } from './client.ts';
import { GIVEN, type Member, nameOf, observe } from './mapping.ts';
import { createReports } from './reports.ts';
import { namespaceOf, type Settings } from './settings.ts';

export function open(settings: Settings, vault: Vault): Connection {
  const client = createClient(settings, vault);
  const isEnterprise = settings.accountKind === 'enterprise';
  const bareName = (member: Member) => nameOf(member, settings);
  const roster = createSharedList(async (io) => {
    const members = await client.members(io);
    return { ids: new Map(members.map((member) => [member.id, member])), names: Map.groupBy(members, bareName) };
  });

  async function withEvents(member: Member, io: Io): Promise<Observed> {
    return observe(member, await idsOfEvents(bareName(member), io), settings);
  }

  async function idsOfEvents(userName: string, io: Io): Promise<string[]> {
    return (await client.eventsOf(io, userName)).map(({ id }) => id);
  }

  async function find({ id, keys, last, openIntent }: Query, io: Io): Promise<Found> {
    const mayBeOld = id === null && !openIntent;
    let members = await (mayBeOld ? roster.recent(io) : roster.fresh(io));
    const fitting = () => {
      const named = keys.flatMap((pair) => members.names.get(pair.userName ?? '')?.filter((each) => isAt(each, pair)));
      return [...new Set(named.filter((each) => each !== undefined))];
    };
    // Only absence may be concluded from a list a moment old: the create that follows finds a holder all the same.
    if (mayBeOld && fitting().length > 0) members = await roster.fresh(io);
    const linked = id === null ? undefined : members.ids.get(id);
    if (linked) return { kind: 'found', observed: await withEvents(linked, io) };
    if (id !== null && !openIntent) return unlisted(last, io);
    const [first, ...others] = fitting();
    if (!first) return isEnterprise ? { kind: 'absent' } : { kind: 'unknowable' };
    if (others.length === 0) return { kind: 'found', observed: await withEvents(first, io) };
    const ids = [first, ...others].map((member) => member.id);
    return { kind: 'ambiguous', ids, detail: 'several members have these names and e-mail addresses' };
  }

  /** Only an enterprise account lists a member who has no event; elsewhere what was last seen is the best there is. */
  async function unlisted(last: Observed | null, io: Io): Promise<Found> {
    if (isEnterprise) return { kind: 'absent' };
    if (!last) return { kind: 'unknowable' };
    const assignments = await idsOfEvents(last.keys.userName ?? '', io);
    return { kind: 'found', observed: { ...last, assignments } };
  }

  /** A name alone is not enough: it may be somebody else's. */
  function isAt(member: Member, { userName, email = '' }: Keys): boolean {
    return userName === bareName(member) && sameEmail(email, String(member.email ?? ''));
  }

  /** Qflow answers a taken name with its holder, as if it had been made just now; the e-mail address tells. */
  async function create(body: Fields, given: string | undefined, io: Io): Promise<Applied> {
    const member = await client.create(io, withPassword(body, given));
    if (isAt(member, body)) {
      return { id: member.id, evidence: 'answer', observed: observe(member, null, settings) };
    }
    const reason = `${body.userName} is the user name of another Qflow team member`;
    throw new TargetError({ kind: 'reject', reason, heldBy: member.id });
  }

  /** The plan's body is the whole record, merged with what was read; a PUT clears whatever it omits. */
  async function replace(body: Fields, { observed, password }: Subject, io: Io): Promise<Applied> {
    try {
      await client.put(io, withPassword(body, password));
    } catch (error) {
      const isRename = observed?.keys.userName !== body.userName;
      throw isRename ? await withHolder(error, body, io) : error;
    }
    const { id = '', ...fields } = body;
    return { evidence: 'answer', observed: observe({ ...fields, id }, observed?.assignments ?? null, settings) };
  }

  /** A refused PUT may be a name that is taken; the list says by whom. */
  async function withHolder(error: unknown, { id, userName }: Fields, io: Io): Promise<unknown> {
    if (!(error instanceof TargetError) || error.failure.kind !== 'reject' || !isEnterprise) return error;
    const named = (await roster.fresh(io)).names.get(userName ?? '') ?? [];
    const holder = named.find((member) => member.id !== id);
    return new TargetError({ ...error.failure, heldBy: holder?.id ?? null });
  }

  /** Being told is not seeing: `read` only when the event was seen before and is not seen after. */
  async function unassign(id: string, event: string, observed: Observed | null | undefined, io: Io): Promise<Applied> {
    const answer = await client.unassign(io, id, event);
    const userName = observed?.keys.userName;
    const after = userName === undefined ? null : await idsOfEvents(userName, io);
    if (after?.includes(event)) {
      throw new TargetError(
        answer.status < 300
          ? { kind: 'retry', reason: `event ${event} is still shown after it was unassigned` }
          : { kind: 'reject', reason: `event ${event} was not unassigned (${answer.status}): not ours to take away` },
      );
    }
    const isSeenGone = after !== null && observed?.assignments?.includes(event) === true;
    if (!isSeenGone && answer.status >= 300) throw new TargetError(classify(answer));
    return { evidence: isSeenGone ? 'read' : 'answer' };
  }

  async function remove(id: string, io: Io): Promise<Applied> {
    const answer = await client.remove(io, id);
    const isListed = isEnterprise && (await roster.fresh(io)).ids.has(id);
    if (isEnterprise && !isListed) return { evidence: 'listing' };
    if (answer.status === 400) throw new TargetError(classify(answer));
    if (!isListed) return { evidence: 'answer' };
    throw new TargetError({ kind: 'retry', reason: `team member ${id} is still listed after it was deleted` });
  }

  /**
   * Events that somebody is assigned to: no call of the document lists those that nobody works at. A call for each member who has
   * an event, a few at a time; the limit of the target holds as ever.
   */
  async function catalogue(io: Io): Promise<CatalogueEntry[]> {
    const members = await client.assigned(io);
    const events = new Map<string, CatalogueEntry>();
    for (let from = 0; from < members.length; from += AT_A_TIME) {
      const slice = members.slice(from, from + AT_A_TIME);
      const lists = await Promise.all(slice.map((member) => client.eventsOf(io, bareName(member))));
      for (const { id, name } of lists.flat()) events.set(id, { kind: 'event', id, name });
    }
    return [...events.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function apply(step: Step, subject: Subject, io: Io): Promise<Applied> {
    const { id, observed, password } = subject;
    if (step.kind === 'create') return create(step.body ?? {}, password, io);
    if (id === null) throw new TargetError({ kind: 'reject', reason: `${step.kind} needs a team member` });
    const event = step.subject ?? '';
    switch (step.kind) {
      case 'rename':
      case 'update':
        return replace({ ...step.body, id }, subject, io);
      case 'assign':
        await client.assign(io, id, event);
        return { evidence: 'answer' };
      case 'unassign':
        return unassign(id, event, observed, io);
      case 'delete':
        return remove(id, io);
      default:
        throw new TargetError({ kind: 'reject', reason: `Qflow Team has no ${step.kind}` });
    }
  }

  return {
    async check(io) {
      const members = await client.members(io);
      if (!isEnterprise) return `Signed in as ${settings.username}; ${members.length} team members have an event.`;
      const named = members.map(({ userName }) => String(userName).split('/')).filter((parts) => parts.length > 1);
      const pins = new Set(named.map(([pin = '']) => pin.toLowerCase()));
      if (pins.size > 0 && !pins.has(namespaceOf(settings).toLowerCase())) {
        const reason = `members are listed under ${[...pins].join(', ')}, not ${namespaceOf(settings)}: is enterprisePin right?`;
        throw new TargetError({ kind: 'pause', reason });
      }
      return `Signed in as ${settings.username}; ${members.length} team members in the enterprise.`;
    },
    find,
    async *list(io) {
      if (!isEnterprise) {
        const reason = 'a standalone Qflow account cannot list members who have no event, so no listing is complete';
        throw new TargetError({ kind: 'reject', reason });
      }
      for (const member of await client.members(io)) yield await withEvents(member, io);
    },
    apply,
    catalogue,
    reports: createReports(client),
  };
}

const AT_A_TIME = 8;

/** Puts the given password where the plan has a word for it. Nothing else is ever sent as a password. */
function withPassword({ password: word, ...body }: Fields, given: string | undefined): Fields {
  if (word === undefined) return body;
  if (word === GIVEN && given) return { ...body, password: given };
  throw new TargetError({ kind: 'reject', reason: 'a password is to be set, and none was given' });
}
