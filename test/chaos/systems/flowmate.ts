/** FlowMate: everybody but end users, with the roles of their groups; who may not be in any more is disabled. */
import { hasAccess } from '../model.ts';
import type { RawCall, Reading, System } from './system.ts';

const ROOT = '/flowmate/api';
const PREFIX = 'Role ';
/** There from the start. */
const ROLES = ['Viewer', 'Editor', 'Admin', 'User'];

export const system: System = {
  name: 'flows',
  type: 'flowmate',
  rules: { scope: 'userType ne "EndUser"', assignments: [{ groupPrefix: PREFIX }] },
  groupNames: () => ROLES.map((role) => [PREFIX + role]),
  prepare: async () => {},

  wanted(person, groups) {
    const access = hasAccess(person);
    const roles = groups.filter((name) => name.startsWith(PREFIX)).map((name) => name.slice(PREFIX.length));
    return {
      record: person.id === null ? 'gone' : access ? 'present' : 'optional',
      access,
      grants: access ? roles.sort() : [],
      fields: { username: person.userName.toLowerCase(), firstname: person.givenName },
    };
  },

  held({ flowmate }) {
    const names = new Map(flowmate.roles.map((role: Record<string, string>) => [role.id, role.name]));
    return flowmate.users.map((user: Record<string, string> & { roles: string[] }) => ({
      id: user.id ?? '',
      marker: user.lastname ?? '',
      access: isOpen(user),
      // Kept for the return of who cannot log in, they open nothing.
      grants: isOpen(user) ? user.roles.map((id) => names.get(id) ?? id).sort() : [],
      fields: { username: user.username ?? '', firstname: user.firstname ?? '' },
      flaws: [
        ...(user.password ? [] : ['it has no password']),
        ...(new Set(user.roles).size < user.roles.length ? ['it has a role twice'] : []),
      ],
    }));
  },
  strays: () => [],
  read,
};

const isOpen = ({ status }: Record<string, unknown>): boolean => status !== 'DISABLED';

function read({ method, path, query, body }: RawCall): Reading | null {
  if (!path.startsWith(`${ROOT}/`)) return null;
  const rest = path.slice(ROOT.length);
  if (method === 'GET' && rest === '/users') return { kind: 'look', key: query.get('username')?.toLowerCase() ?? '*' };
  if (method === 'GET' && /^\/tenants\/[^/]+\/users$/.test(rest)) return { kind: 'look', key: '*' };
  if (method === 'POST' && rest === '/users') {
    return { kind: 'create', marker: body?.lastname, key: String(body?.username).toLowerCase() };
  }
  const [, id] = /^\/users\/([0-9a-f]{24})$/.exec(rest) ?? [];
  if (id === undefined) return null;
  switch (method) {
    case 'GET':
      return { kind: 'look', id };
    case 'DELETE':
      return { kind: 'delete', id };
    default:
      return changeOf(id, body);
  }
}

/** Roles are written as a whole list: whether one comes or goes the call does not say. */
function changeOf(id: string, body: RawCall['body']): Reading {
  if (body?.status === 'DISABLED') return { kind: 'disable', id };
  if (body?.status !== undefined) return { kind: 'enable', id };
  return { kind: body?.roles === undefined ? 'change' : 'regrant', id };
}
