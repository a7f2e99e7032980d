/**
 * The calls of the Qflow Team API that a member's life needs, with the traps of their answers (README.md has the source of
 * each). Names go out bare and come back as the account shows them; what they mean is `connection.ts`'s matter.
 */
import { type Answer, expect, segment } from '../http.ts';
import { TargetError } from '../outcome.ts';
import { openQflow } from '../qflow-account.ts';
import type { Fields, Io, Vault } from '../target.ts';
import type { Member } from './mapping.ts';
import { namespaceOf, type Settings } from './settings.ts';

/** `name` is the id where the answer has no name. */
export interface QflowEvent {
  id: string;
  name: string;
}

export interface MemberStats {
  id: string;
  userName: string;
  checkedIn: number;
  /** Five minutes each, in any order, without empty ones. `admitted` is a time of day: `14:30`. */
  activity: readonly { admitted: string; admittedCount: number }[];
}

export interface Client {
  /** Enterprise account: everybody. Standalone: only who is assigned to an event, so absence means nothing. */
  members(io: Io): Promise<Member[]>;
  /** Who is assigned to any event of this account. */
  assigned(io: Io): Promise<Member[]>;
  /** The events that the member with this bare name is assigned to; empty for an unknown name too. */
  eventsOf(io: Io, userName: string): Promise<QflowEvent[]>;
  /** Who is assigned to an event; empty for one that is unknown or another account's, too. */
  assignedTo(io: Io, event: string): Promise<Member[]>;
  /** What each of them has done there. Empty likewise. */
  statsOf(io: Io, event: string): Promise<MemberStats[]>;
  /** Gives back the existing member where there is one of that name. */
  create(io: Io, member: Fields): Promise<Member>;
  /** Replaces the record. */
  put(io: Io, member: Fields): Promise<void>;
  /** 400 and 404 are given back: which of them a second delete gets is not documented. */
  remove(io: Io, id: string): Promise<Answer>;
  assign(io: Io, id: string, event: string): Promise<void>;
  /** 400 says as little as "unknown or not yours": any status but a server's trouble is given back. */
  unassign(io: Io, id: string, event: string): Promise<Answer>;
}

export function createClient(settings: Settings, vault: Vault): Client {
  const api = openQflow(settings, vault);
  const root = '/checkin/v1/api';
  const isEnterprise = settings.accountKind === 'enterprise';
  /** The namespace as the lists write it: a name must be asked for as it is shown. */
  let namespace = namespaceOf(settings);

  function asShown(members: Member[]): Member[] {
    const prefix = `${namespace.toLowerCase()}/`;
    const shown = members.find(({ userName }) => isEnterprise && String(userName).toLowerCase().startsWith(prefix));
    if (shown) namespace = String(shown.userName).slice(0, namespace.length);
    return members;
  }

  function expectMember(answer: Answer, id: string): void {
    if (expect(answer, 404).status !== 404) return;
    const reason = `team member ${id} is gone`;
    // Without a complete list, looking again would not show it.
    throw new TargetError(isEnterprise ? { kind: 'retry', reason } : { kind: 'reject', reason });
  }

  return {
    async members(io) {
      const answer = await api(io, 'GET', `${root}/teammembers${isEnterprise ? '/all' : ''}`);
      if (isEnterprise && answer.status === 502) {
        const reason = `${answer.method} ${answer.path} answered 502: this is a standalone account; set accountKind`;
        throw new TargetError({ kind: 'pause', reason });
      }
      return asShown(membersOf(expect(answer)));
    },
    async assigned(io) {
      return asShown(membersOf(expect(await api(io, 'GET', `${root}/teammembers`))));
    },
    async eventsOf(io, userName) {
      const name = segment(namespace === '' ? userName : `${namespace}/${userName}`);
      const answer = expect(await api(io, 'GET', `${root}/teammembers/user/${name}/events`), 404);
      if (answer.status === 404) return [];
      return listOf(answer).map((event) => {
        const id = idOf(event, 'eventId') ?? unreadable(answer);
        const { name, eventName } = event as Record<string, unknown>;
        return { id, name: [name, eventName].map(text).find((each) => each !== '') ?? id };
      });
    },
    async assignedTo(io, event) {
      return membersOf(expect(await api(io, 'GET', `${root}/teammembers/event/assigned/${segment(event)}`)));
    },
    async statsOf(io, event) {
      const answer = expect(await api(io, 'GET', `${root}/team/event/${segment(event)}`));
      return listOf(answer).map((row) => statsIn(row) ?? unreadable(answer));
    },
    async create(io, member) {
      const answer = expect(await api(io, 'POST', `${root}/teammember`, member));
      const id = idOf(answer.body);
      if (id !== null) return { ...(answer.body as Record<string, unknown>), id };
      throw new TargetError({ kind: 'retry', reason: 'the create was answered without a member in it', unclear: true });
    },
    async put(io, member) {
      expectMember(await api(io, 'PUT', `${root}/teammember/update`, member), member.id ?? '');
    },
    async remove(io, id) {
      return expect(await api(io, 'DELETE', `${root}/teammember/delete`, { id }), 400, 404);
    },
    async assign(io, id, event) {
      const query = settings.notifyTeamMember ? '?notifyTeamMember=true' : '';
      const answer = await api(io, 'POST', `${root}/teammember/${segment(id)}/assign/${segment(event)}${query}`);
      if (answer.status === 400) {
        const reason = `event ${event} was not assigned (400): unknown, another account's, or the member is gone. ${answer.detail}`;
        throw new TargetError({ kind: 'reject', reason: reason.trim().slice(0, 300) });
      }
      expectMember(answer, id);
    },
    async unassign(io, id, event) {
      return expect(await api(io, 'POST', `${root}/teammember/${segment(id)}/unassign/${segment(event)}`), 400, 404);
    },
  };
}

/** An id may come as a number. */
function idOf(record: unknown, ...otherNames: string[]): string | null {
  const fields = (record ?? {}) as Record<string, unknown>;
  const id = ['id', ...otherNames].map((name) => fields[name]).find((value) => value !== undefined && value !== null);
  return (typeof id === 'string' && id !== '') || typeof id === 'number' ? String(id) : null;
}

/** null: it does not say whose it is. Counts that are missing are none. */
function statsIn(row: unknown): MemberStats | null {
  const fields = (row ?? {}) as Record<string, unknown>;
  const id = idOf({ id: fields.teamMemberId });
  if (id === null) return null;
  const buckets = Array.isArray(fields.checkedInActivity) ? fields.checkedInActivity : [];
  const activity = buckets.map((bucket) => {
    const { admitted, admittedCount } = (bucket ?? {}) as Record<string, unknown>;
    return { admitted: text(admitted), admittedCount: number(admittedCount) };
  });
  return { id, userName: text(fields.username), checkedIn: number(fields.checkedIn), activity };
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

function membersOf(answer: Answer): Member[] {
  return listOf(answer).map((record) => {
    const id = idOf(record) ?? unreadable(answer);
    return { ...(record as Record<string, unknown>), id };
  });
}

function listOf(answer: Answer): unknown[] {
  return Array.isArray(answer.body) ? answer.body : unreadable(answer);
}

function unreadable({ method, path, status }: Answer): never {
  const reason = `${method} ${path} answered ${status} without a list in it; is the base URL right?`;
  throw new TargetError({ kind: 'pause', reason });
}
