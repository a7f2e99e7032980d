/**
 * The four calls of the platform's API, with the shapes that their answers may have (README.md has the source of each). It
 * decides nothing: what a record or a refusal means is `connection.ts`'s matter.
 */
import { type Answer, type Call, classify, request } from '../http.ts';
import { createSession } from '../oauth.ts';
import { TargetError } from '../outcome.ts';
import type { Io, Vault } from '../target.ts';
import { type Page, type Reading, readAll } from './listing.ts';
import type { Role } from './roles.ts';
import type { Settings } from './settings.ts';

/** A user as the API gives it. */
export type UserRecord = Readonly<Record<string, unknown>> & { id: string };

export interface IdentityProvider {
  id: string;
  name: string;
  enabled: boolean;
}

export interface Client {
  firstUsers(io: Io): Promise<Page<UserRecord>>;
  /** Complete, or a throw. */
  users(io: Io): Promise<Reading<UserRecord>>;
  roles(io: Io): Promise<Role[]>;
  identityProviders(io: Io): Promise<IdentityProvider[]>;
  /** Any status but those that accuse the configuration: a refusal may mean that the user is there already. */
  invite(io: Io, payload: unknown): Promise<Answer>;
}

export function createClient(settings: Settings, vault: Vault): Client {
  const session = createSession(settings, vault);

  async function api(io: Io, method: string, path: string, json?: unknown): Promise<Answer> {
    const answer = await session.withToken(io, (accessToken) => {
      const headers = { authorization: `Bearer ${accessToken}`, 'ocp-apim-subscription-key': settings.subscriptionKey };
      const call: Call = { method, url: `${settings.baseUrl}${path}`, headers };
      return request(io, json === undefined ? call : { ...call, json });
    });
    if (answer.status !== 404) return answer;
    // No path of this API names a record, so nothing can be missing but the path itself.
    const reason = `${classify(answer).reason}: there is no such path; are the base URL and the paths right?`;
    throw new TargetError({ kind: 'pause', reason });
  }

  async function page(io: Io, number: number): Promise<Page<UserRecord>> {
    const query = new URLSearchParams({ page: String(number), pageSize: String(settings.pageSize) });
    const asked = settings.paging === 'none' ? '' : `?${query}`;
    const answer = listed(await api(io, 'GET', `${settings.usersPath}${asked}`));
    const items = listOf(answer).map((record): UserRecord => ({ ...fieldsOf(record), id: idOf(record, answer) }));
    return { items, total: totalOf(answer.body) };
  }

  return {
    firstUsers: (io) => page(io, 1),
    users: (io) => readAll((number) => page(io, number), settings),
    async roles(io) {
      const answer = listed(await api(io, 'GET', settings.rolesPath));
      return listOf(answer).map((record) => {
        const weight = pick(record, 'Weight');
        const isNumber = (typeof weight === 'number' || typeof weight === 'string') && weight !== '';
        const read = isNumber ? Number(weight) : Number.NaN;
        return { id: idOf(record, answer), name: text(record, 'Name'), weight: Number.isFinite(read) ? read : null };
      });
    },
    async identityProviders(io) {
      const answer = listed(await api(io, 'GET', settings.identityProvidersPath));
      return listOf(answer).map((record) => {
        return { id: idOf(record, answer), name: text(record, 'Name'), enabled: pick(record, 'Enabled') === true };
      });
    },
    invite: (io, payload) => api(io, 'POST', settings.invitePath, payload),
  };
}

/** A property by its documented name; the document writes PascalCase, and many serializers make camelCase of it. */
export function pick(record: unknown, name: string): unknown {
  const fields = fieldsOf(record);
  return name in fields ? fields[name] : fields[`${name.charAt(0).toLowerCase()}${name.slice(1)}`];
}

export function text(record: unknown, name: string): string {
  const value = pick(record, name);
  return typeof value === 'string' ? value.trim() : '';
}

/** An id may come as a number. */
export function idIn(record: unknown, name = 'Id'): string | null {
  const id = pick(record, name);
  return (typeof id === 'string' && id !== '') || typeof id === 'number' ? String(id) : null;
}

/** The list in an answer's body, plain or in an envelope; null where there is none. */
export function listIn(body: unknown): unknown[] | null {
  if (Array.isArray(body)) return body;
  const lists = ['Items', 'Users', 'Results', 'Data', 'Value'].map((name) => pick(body, name));
  return lists.find((list) => Array.isArray(list)) ?? null;
}

function totalOf(body: unknown): number | null {
  if (Array.isArray(body)) return null;
  const totals = ['TotalCount', 'Total', 'TotalItems'].map((name) => pick(body, name));
  return totals.find((total) => typeof total === 'number') ?? null;
}

/** No account is to blame for a list that cannot be had. */
function listed(answer: Answer): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  const failure = classify(answer);
  if (failure.kind !== 'reject') throw new TargetError(failure);
  throw new TargetError({ kind: 'pause', reason: `${failure.reason}; check paths and paging` });
}

function listOf(answer: Answer): unknown[] {
  return listIn(answer.body) ?? unreadable(answer, 'a list');
}

function idOf(record: unknown, answer: Answer): string {
  return idIn(record) ?? unreadable(answer, 'an id for everything');
}

function unreadable({ method, path, status }: Answer, what: string): never {
  const reason = `${method} ${path} answered ${status} without ${what} in it; is the base URL right?`;
  throw new TargetError({ kind: 'pause', reason });
}

function fieldsOf(record: unknown): Readonly<Record<string, unknown>> {
  return typeof record === 'object' && record !== null ? (record as Record<string, unknown>) : {};
}
