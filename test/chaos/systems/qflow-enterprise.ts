/** Qflow Enterprise: everybody but end users; whoever has been there and may not be in any more is disabled, not deleted. */
import { hasAccess } from '../model.ts';
import type { RawCall, Reading, System } from './system.ts';

const PIN = 'demo';
/** The system has no enabled flag: this in `customData` stands for a password that nobody knows. */
const DISABLED = '[linkspan:disabled]';
const ROOT = '/users/v1/api';

const isMarked = (user: Record<string, unknown> | null): boolean => String(user?.customData ?? '').includes(DISABLED);

export const system: System = {
  name: 'dashboard',
  type: 'qflow-enterprise',
  rules: { scope: 'userType ne "EndUser"' },
  groupNames: () => [],
  prepare: async () => {},

  wanted(person) {
    const access = hasAccess(person);
    return {
      record: person.id === null ? 'gone' : access ? 'present' : 'optional',
      access,
      grants: [],
      fields: {
        userName: `${PIN}/${person.userName}`.toLowerCase(),
        email: person.email,
        firstName: person.givenName,
      },
    };
  },

  held: ({ qflow }) =>
    qflow.users.map((user: Record<string, string>) => ({
      id: user.id ?? '',
      marker: user.lastName ?? '',
      access: !isMarked(user),
      grants: [],
      fields: {
        userName: user.userName?.toLowerCase() ?? '',
        email: user.email ?? '',
        firstName: user.firstName ?? '',
      },
      flaws: user.password ? [] : ['it has no password'],
    })),
  strays: () => [],
  isOut: isMarked,
  read,
};

function read({ method, path, query, body }: RawCall): Reading | null {
  if (!path.startsWith(`${ROOT}/`)) return null;
  const [, id] = /^\/user\/([^/]+)$/.exec(path.slice(ROOT.length)) ?? [];
  if (method === 'GET' && id !== undefined) return { kind: 'look', id: decodeURIComponent(id) };
  switch (`${method} ${path.slice(ROOT.length)}`) {
    case 'GET /users':
      return { kind: 'look', key: '*' };
    case 'GET /users/email':
      return { kind: 'look', key: [...query.values()][0]?.toLowerCase() ?? '' };
    case 'POST /user':
      return { kind: 'create', marker: body?.lastName, key: String(body?.email).toLowerCase() };
    case 'PUT /user/changepassword':
      return { kind: 'lock', id: body?.id };
    case 'PUT /user/changeusername':
      return { kind: 'change', id: body?.id };
    case 'PUT /user':
      return { kind: isMarked(body) ? 'disable' : 'enable', id: body?.id, marker: body?.lastName };
    case 'DELETE /user':
      return { kind: 'delete', id: body?.id ?? query.get('id') };
    default:
      return null;
  }
}
