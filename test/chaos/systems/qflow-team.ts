/** Qflow Team: whoever is in a group that stands for an event; without one the member stays, assigned to nothing. */
import { hasAccess } from '../model.ts';
import type { RawCall, Reading, System } from './system.ts';

const PIN = 'demo';
const ROOT = '/checkin/v1/api';
/** Two groups may stand for one event. */
const PREFIXES = ['Event ', 'Crew '];
const FIRST_EVENT = 1001;
/** There from the start. */
const EVENTS_SEEDED = 10;

export const system: System = {
  name: 'door',
  type: 'qflow-team',
  rules: {
    scope: 'userType ne "EndUser"',
    onlyAssigned: true,
    assignments: PREFIXES.map((groupPrefix) => ({ groupPrefix })),
  },
  groupNames: (count) => eventIds(count).map((event) => PREFIXES.map((prefix) => prefix + event)),
  async prepare(post, count) {
    for (const id of eventIds(count).slice(EVENTS_SEEDED)) await post('qflow/events', { id });
  },

  wanted(person, groups) {
    const events = hasAccess(person) ? [...new Set(groups.flatMap((name) => eventOf(name) ?? []))].sort() : [];
    return {
      record: person.id === null ? 'gone' : events.length > 0 ? 'present' : 'optional',
      access: null,
      grants: events,
      fields: {
        userName: `${PIN}/${person.userName}`.toLowerCase(),
        email: person.email.toLowerCase(),
        firstName: person.givenName,
      },
    };
  },

  held({ qflow }) {
    const assigned = Map.groupBy(qflow.assignments as Assignment[], ({ teamMemberId }) => teamMemberId);
    return qflow.teamMembers.map((member: Record<string, string>) => ({
      id: member.id ?? '',
      marker: member.lastName ?? '',
      access: true,
      grants: (assigned.get(member.id ?? '') ?? []).map(({ eventId }) => eventId).sort(),
      fields: {
        userName: member.userName?.toLowerCase() ?? '',
        email: member.email?.toLowerCase() ?? '',
        firstName: member.firstName ?? '',
      },
      flaws: [],
    }));
  },
  strays({ qflow }) {
    const known = new Set(qflow.teamMembers.map((member: Record<string, string>) => member.id));
    return (qflow.assignments as Assignment[])
      .filter(({ teamMemberId }) => !known.has(teamMemberId))
      .map(({ teamMemberId, eventId }) => `event ${eventId} of ${teamMemberId}, who is gone`);
  },
  read,
};

interface Assignment {
  teamMemberId: string;
  eventId: string;
}

const eventIds = (count: number) => Array.from({ length: count }, (_, index) => String(FIRST_EVENT + index));

function eventOf(groupName: string): string | null {
  const prefix = PREFIXES.find((each) => groupName.startsWith(each));
  return prefix === undefined ? null : groupName.slice(prefix.length);
}

function read({ method, path, body }: RawCall): Reading | null {
  if (!path.startsWith(`${ROOT}/`)) return null;
  const assignment = /^\/teammember\/([^/]+)\/(assign|unassign)\/([^/]+)$/.exec(path.slice(ROOT.length));
  if (assignment) {
    const [, id, kind, grant] = assignment;
    return { kind: kind as 'assign' | 'unassign', id, grant };
  }
  switch (`${method} ${path.slice(ROOT.length)}`) {
    case 'GET /teammembers/all':
      return { kind: 'look', key: '*' };
    case 'POST /teammember':
      return { kind: 'create', marker: body?.lastName, key: String(body?.userName).toLowerCase() };
    case 'PUT /teammember/update':
      return { kind: 'change', id: body?.id, marker: body?.lastName };
    case 'DELETE /teammember/delete':
      return { kind: 'delete', id: body?.id };
    default:
      return null;
  }
}
