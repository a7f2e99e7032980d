/** uflow: end users alone, one active record for each; a deletion leaves the record there, inactive. */
import type { Person } from '../model.ts';
import type { Held, RawCall, Reading, System } from './system.ts';

const ROOT = '/uflow';
/** There from the start. */
const OWNER = 'owner@sandbox.test';

export const system: System = {
  name: 'guests',
  type: 'uflow',
  rules: { scope: 'userType eq "EndUser"' },
  groupNames: () => [],
  prepare: async () => {},

  wanted(person) {
    const access = isGuest(person);
    const fields: Record<string, string> = { email: person.email.toLowerCase(), name: nameOf(person) };
    // What is left of somebody who was deleted stays as it was, also when they come back and have no business here.
    const isLeft = person.id === null || (!access && person.formerIds.length > 0);
    return { record: access ? 'present' : 'optional', access, grants: [], fields: isLeft ? {} : fields };
  },

  held({ uflow }) {
    const records = (uflow.endUsers as EndUser[]).filter(({ email }) => email !== OWNER).map(heldOf);
    return [...Map.groupBy(records, ({ marker }) => marker).values()].flatMap((ofOne) => {
      const isOpen = ofOne.some(({ access }) => access);
      return ofOne.map((each, index) => ({
        ...each,
        isLeftover: !each.access && (isOpen || index < ofOne.length - 1),
      }));
    });
  },
  /** At most one record of an address lets anybody in. */
  strays({ uflow }) {
    const active = (uflow.endUsers as EndUser[]).filter((user) => user.active);
    return [...Map.groupBy(active, ({ email }) => email.toLowerCase())]
      .filter(([, users]) => users.length > 1)
      .map(([email, users]) => `${users.length} active records of ${email}: ${users.map(({ id }) => id).join(', ')}`);
  },
  isTaken: (person, held) =>
    held.some(({ marker, fields }) => marker !== person.marker && fields.email === person.email.toLowerCase()),
  handsOver: true,
  read,
};

interface EndUser {
  id: string;
  email: string;
  name: string;
  active: boolean;
}

const isGuest = (person: Person): boolean => person.id !== null && person.active && !person.staff;
const nameOf = ({ givenName, marker }: Person): string => `${givenName} ${marker}`;
const markerIn = (name: unknown): string => String(name).split(' ').at(-1) ?? '';

const heldOf = ({ id, email, name, active }: EndUser): Held => ({
  id,
  marker: markerIn(name),
  access: active,
  grants: [],
  fields: { email: email.toLowerCase(), name },
  flaws: [],
});

function read({ method, path, query, body }: RawCall): Reading | null {
  if (!path.startsWith(`${ROOT}/`)) return null;
  switch (`${method} ${path.slice(ROOT.length)}`) {
    case 'GET /user/enduser/list':
      return { kind: 'look', key: query.get('email')?.toLowerCase() ?? '*' };
    case 'POST /user/enduser/list':
    case 'POST /admin/enduser/list':
      return { kind: 'look', key: body?.email?.toLowerCase() ?? '*' };
    case 'POST /user/clients/register':
      return { kind: 'create', marker: markerIn(body?.name), key: String(body?.email).toLowerCase() };
    case 'POST /admin/enduser/active':
      return { kind: body?.active ? 'enable' : 'disable', id: body?.user_id };
    default: {
      const [, id] = /^\/user\/enduser\/[^/]+\/([^/]+)$/.exec(path.slice(ROOT.length)) ?? [];
      const kinds: Record<string, Reading['kind']> = { GET: 'look', PUT: 'change', DELETE: 'delete' };
      const kind = kinds[method];
      return id === undefined || kind === undefined ? null : { kind, id };
    }
  }
}
