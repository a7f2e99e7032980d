/**
 * The partner platform: everybody but end users is invited, once. It has no other call, so whatever comes after that is asked
 * of people, and nobody is there to do it: a record is for ever as the invitation made it.
 */
import { hasAccess, type Person } from '../model.ts';
import type { Held, RawCall, Reading, System } from './system.ts';

const ROOT = '/platform';
/** Its groups are those of flowmate.ts. */
const PREFIX = 'Role ';
const DEFAULT_ROLE = 'User';
const WEIGHTS: Record<string, number> = { Viewer: 10, User: 20, Editor: 30, Admin: 40 };

export const system: System = {
  name: 'platform',
  type: 'platform-users',
  rules: { scope: 'userType ne "EndUser"', assignments: [{ groupPrefix: PREFIX }] },
  groupNames: () => [],
  prepare: async () => {},

  wanted: (person) => ({
    record: hasAccess(person) ? 'present' : 'optional',
    access: null,
    grants: [],
    fields: {},
  }),

  /** Who was invited under another address before is found by the latest record; the others go on holding theirs. */
  held({ platform }) {
    const users = platform.users as User[];
    const latest = new Map(users.map((user) => [user.LastName, user]));
    const all = Map.groupBy(users, ({ LastName }) => LastName);
    const mails = Map.groupBy(platform.invitations as Mail[], ({ Email }) => Email.toLowerCase());
    return [...latest.values()].map((user) => ({
      id: user.Id,
      marker: user.LastName,
      access: user.State !== 'Blocked',
      grants: [],
      fields: {
        email: user.Email.toLowerCase(),
        emails: (all.get(user.LastName) ?? []).map(({ Email }) => Email.toLowerCase()).join(' '),
        firstName: user.FirstName,
        role: user.Roles.join(', '),
      },
      flaws: [
        ...(user.Roles.length === 1 ? [] : [`it was invited with the roles "${user.Roles.join(', ')}"`]),
        // Nobody is mailed twice: a record of the sandbox is never removed, so each has one invitation.
        ...mailedOnce(mails.get(user.Email.toLowerCase()) ?? []),
      ],
    }));
  },
  strays: () => [],
  isTaken: isTakenIn,

  byHand(person, groups, { fields }) {
    if (person.id === null) return ['delete'];
    if (!hasAccess(person)) return ['disable'];
    const isChanged = fields.email !== person.email.toLowerCase() || fields.firstName !== person.givenName;
    const wanted = groups.flatMap((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : []));
    const [winner] = wanted.sort((a, b) => (WEIGHTS[b] ?? 0) - (WEIGHTS[a] ?? 0));
    const { role } = fields;
    // Who has come back is not known to have been given anything.
    const isTaken = (winner ?? DEFAULT_ROLE) !== role && person.formerIds.length === 0;
    return [
      ...(isChanged ? ['update'] : []),
      ...(isTaken ? ['unassign'] : []),
      ...(winner !== undefined && winner !== role ? ['assign'] : []),
    ];
  },
  read,
};

interface Mail {
  Email: string;
  SentOn: string;
}

const mailedOnce = (mails: readonly Mail[]): string[] =>
  mails.length === 1 ? [] : [`${mails.length} invitations, sent ${mails.map(({ SentOn }) => SentOn).join(' and ')}`];

interface User {
  Id: string;
  Email: string;
  FirstName: string;
  LastName: string;
  State: string;
  Roles: string[];
}

function isTakenIn(person: Person, held: readonly Held[]): boolean {
  const email = person.email.toLowerCase();
  return held.some(({ marker, fields }) => marker !== person.marker && fields.emails?.split(' ').includes(email));
}

function read({ method, path, body }: RawCall): Reading | null {
  switch (`${method} ${path}`) {
    case `GET ${ROOT}/users`:
      return { kind: 'look', key: '*' };
    case `POST ${ROOT}/users/invite`: {
      const [user] = body?.Users ?? [];
      return { kind: 'create', marker: user?.LastName, key: String(user?.Email).toLowerCase() };
    }
    default:
      return null;
  }
}
