/**
 * The calls of FlowMate's IAM API that a user's life needs, in both dialects: the reference's and the public source's
 * (README.md has the source of each). What a record or a refusal means for an account is `connection.ts`'s matter.
 */
import { type Answer, classify, expect, request, segment } from '../http.ts';
import { TargetError } from '../outcome.ts';
import { createSharedList } from '../shared-list.ts';
import type { Io } from '../target.ts';
import { fold, type UserRecord } from './mapping.ts';
import { createSession } from './session.ts';
import type { Settings } from './settings.ts';

export interface Role {
  id: string;
  name: string;
  description: string;
  tenant: string | null;
}

export interface Client {
  me(io: Io): Promise<UserRecord>;
  /** null: the API account sees none. Roles are objects. */
  get(io: Io, id: string): Promise<UserRecord | null>;
  /** Users with exactly these names. @param mayBeOld where a list is the only look-up, one a moment old will do. */
  named(io: Io, usernames: readonly string[], mayBeOld: boolean): Promise<UserRecord[]>;
  all(io: Io): Promise<UserRecord[]>;
  roles(io: Io): Promise<Role[]>;
  /** None where the service has no such list. */
  permissions(io: Io): Promise<string[]>;
  /** Any status. */
  create(io: Io, user: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Any status; what is null in `change` is cleared. */
  patch(io: Io, id: string, change: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Any status. */
  remove(io: Io, id: string): Promise<Answer>;
  /** The id of a record, null where it has none. @throws TargetError `pause` where its form is not that of the settings. */
  idOf(record: unknown): string | null;
  /** Whether a record can have this id at all: the source answers 500 to one that is malformed. */
  isPossible(id: string): boolean;
  /** Forgets by which call users are looked for. */
  forget(): void;
}

export function createClient(settings: Settings): Client {
  const session = createSession(settings);
  const tenantReading = createSharedList((io) => tenantUsers(io));
  let isListing: boolean | null = settings.lookup === 'auto' ? null : settings.lookup === 'tenant';

  /** @returns the answer, whatever its status but 401 and a foreign 404. */
  async function api(io: Io, method: string, path: string, json?: unknown): Promise<Answer> {
    const url = `${settings.baseUrl}${settings.apiPath}${path}`;
    const answer = await session.withToken(io, (token) => {
      const call = { method, url, headers: { authorization: `Bearer ${token}` } };
      return request(io, json === undefined ? call : { ...call, json });
    });
    if (answer.status === 404 && !isOwn404(answer)) {
      const reason = `${classify(answer).reason}: not FlowMate's own 404; are base URL and apiPath right?`;
      throw new TargetError({ kind: 'pause', reason });
    }
    return answer;
  }

  const isPossible = (id: string) => settings.idFormat === 'any' || /^[0-9a-f]{24}$/i.test(id);

  function idOf(record: unknown): string | null {
    const fields = (record ?? {}) as Record<string, unknown>;
    const id = settings.idField === 'auto' ? (fields.id ?? fields._id) : fields[settings.idField];
    if (typeof id !== 'string' || id === '') return null;
    if (isPossible(id)) return id;
    const reason = `FlowMate's id "${id.slice(0, 60)}" is not 24 hexadecimal digits; if all are so, set idFormat to any`;
    throw new TargetError({ kind: 'pause', reason });
  }

  function userOf(answer: Answer, value: unknown): UserRecord {
    const id = idOf(value);
    const { username } = (value ?? {}) as Record<string, unknown>;
    return id !== null && typeof username === 'string' ? { ...(value as object), id } : unreadable(answer);
  }

  const usersOf = (answer: Answer) => arrayOf(answer).map((value) => userOf(answer, value));

  async function me(io: Io): Promise<UserRecord> {
    const answer = configured(await api(io, 'GET', '/users/me'));
    return userOf(answer, dataOf(answer));
  }

  async function tenantUsers(io: Io): Promise<UserRecord[]> {
    const tenant = settings.tenantId || (await me(io)).tenant;
    if (typeof tenant !== 'string' || tenant === '') {
      const reason = 'the API account belongs to no FlowMate tenant, so the setting tenantId is needed to list users';
      throw new TargetError({ kind: 'pause', reason });
    }
    return usersOf(configured(await api(io, 'GET', `/tenants/${segment(tenant)}/users`)));
  }

  /** @returns null where that is not for this API account: only an administrator may list users in the source. */
  async function users(io: Io, query: string): Promise<UserRecord[] | null> {
    if (isListing) return null;
    const answer = await api(io, 'GET', `/users${query}`);
    isListing = answer.status === 403 && settings.lookup === 'auto';
    return isListing ? null : usersOf(answer.status === 404 ? configured(answer) : expect(answer));
  }

  return {
    me,
    isPossible,
    idOf,
    async get(io, id) {
      if (!isPossible(id)) return null;
      const answer = expect(await api(io, 'GET', `/users/${segment(id)}`), 404);
      return answer.status === 404 ? null : userOf(answer, dataOf(answer));
    },
    async named(io, usernames, mayBeOld) {
      if (usernames.length === 0) return [];
      const fits = ({ username }: UserRecord) => usernames.includes(fold(String(username)));
      const found = [];
      for (const username of usernames) {
        const some = await users(io, `?${new URLSearchParams({ username })}`);
        if (some === null) break;
        found.push(...some.filter(fits));
      }
      if (!isListing) return found;
      const listed = (mayBeOld ? await tenantReading.recent(io) : await tenantReading.fresh(io)).filter(fits);
      // Only absence may be concluded from a list a moment old: the create that follows finds a holder all the same.
      return mayBeOld && listed.length > 0 ? (await tenantReading.fresh(io)).filter(fits) : listed;
    },
    async all(io) {
      return (await users(io, '')) ?? tenantReading.fresh(io);
    },
    async roles(io) {
      const answer = configured(await api(io, 'GET', '/roles'));
      return arrayOf(answer).map((value) => {
        const { name, description, tenant } = (value ?? {}) as Record<string, unknown>;
        const id = idOf(value);
        if (id === null || typeof name !== 'string') return unreadable(answer);
        const about = { description: typeof description === 'string' ? description : '' };
        return { id, name, ...about, tenant: typeof tenant === 'string' ? tenant : null };
      });
    },
    async permissions(io) {
      const answer = await api(io, 'GET', '/permissions');
      return answer.status === 404 ? [] : arrayOf(configured(answer)).map(String);
    },
    create: (io, user) => api(io, 'POST', '/users', user),
    patch: (io, id, change) => api(io, 'PATCH', `/users/${segment(id)}`, change),
    remove: (io, id) => api(io, 'DELETE', `/users/${segment(id)}`),
    forget() {
      if (settings.lookup === 'auto') isListing = null;
    },
  };
}

/** As `expect`, for calls that are about no account: what they are refused for is the configuration. */
function configured(answer: Answer): Answer {
  if (answer.status < 300) return answer;
  const failure = classify(answer);
  if (failure.kind !== 'reject') throw new TargetError(failure);
  throw new TargetError({ kind: 'pause', reason: `${failure.reason}; are base URL, apiPath and tenantId right?` });
}

/** `{data, meta}` where the service is set to that, else the body. */
export function dataOf({ body }: Answer): unknown {
  const { data } = (typeof body === 'object' && body !== null ? body : {}) as { data?: unknown };
  return data ?? body;
}

/** Whether a write was taken: "OK" as text, JSON, or nothing; a page is another server's. */
export function isAccepted(answer: Answer): boolean {
  if (answer.status < 200 || answer.status >= 300) return false;
  return /html/i.test(answer.headers.get('content-type') ?? '') ? unreadable(answer) : true;
}

/** "Not Found" as text where a user is absent, or a code in JSON; gateways write sentences, web servers pages. */
function isOwn404({ body, text, headers }: Answer): boolean {
  if (body === undefined) return text === 'Not Found' && !/html/i.test(headers.get('content-type') ?? '');
  const { message } = (body ?? {}) as { message?: unknown };
  return typeof message === 'string' && /^[A-Z_]+$/.test(message);
}

function arrayOf(answer: Answer): unknown[] {
  const data = dataOf(answer);
  return Array.isArray(data) ? data : unreadable(answer);
}

function unreadable({ method, path, status }: Answer): never {
  const reason = `${method} ${path} answered ${status} with something else than FlowMate does; are base URL and apiPath right?`;
  throw new TargetError({ kind: 'pause', reason });
}
