/**
 * The calls of the uflow API that an end user's life needs, each with the shapes that documents and code give its answer
 * (README.md has the source of each). It decides nothing: what a record means is `connection.ts`'s matter.
 */
import { type Answer, classify, expect, request, segment } from '../http.ts';
import { TargetError } from '../outcome.ts';
import { hide, secretsIn } from '../redact.ts';
import type { Fields, Io } from '../target.ts';
import type { EndUser } from './mapping.ts';
import { createSession } from './session.ts';
import type { Settings } from './settings.ts';

export interface Page {
  users: EndUser[];
  /** Of all pages. */
  total: number;
}

export interface Client {
  /** @param filter.email may find more than this address. @param page from 1. */
  page(io: Io, filter: { active: boolean; email?: string }, page: number): Promise<Page>;
  /** By id, in one call: where reality is code only. null: there is none. */
  get(io: Io, id: string): Promise<EndUser | null>;
  /** 409 is given back. */
  register(io: Io, user: Fields): Promise<Answer>;
  /** @returns false: there is no such user. */
  update(io: Io, id: string, fields: Fields): Promise<boolean>;
  setActive(io: Io, id: string, active: boolean): Promise<boolean>;
  softDelete(io: Io, id: string): Promise<boolean>;
  hardDelete(io: Io, id: string): Promise<boolean>;
  /** Milliseconds by which the system's clock was ahead of ours at its last answer; 0 where it tells nothing. */
  clockOffset(): number;
}

export function createClient(settings: Settings): Client {
  const { baseUrl, prefix, tenantField, tenantId, pageSize } = settings;
  const session = createSession(settings);
  const path = (id: string) => `/uflow/user/enduser/${segment(tenantId)}/${segment(id)}`;
  let offset = 0;

  async function api(io: Io, method: string, path: string, json?: object, writes = method !== 'GET'): Promise<Answer> {
    const answer = await session.withToken(io, async (token) => {
      const headers = { authorization: `Bearer ${token}` };
      const call = { method, url: `${baseUrl}${prefix}${path}`, headers, writes };
      const answer = await request(io, json ? { ...call, json } : call);
      return worded(answer, [token, ...secretsIn({ ...json })]);
    });
    const date = Date.parse(answer.headers.get('date') ?? '');
    offset = Number.isNaN(date) ? 0 : date - io.clock().getTime();
    return understood(answer);
  }

  const exists = (answer: Answer) => expect(answer, 404).status !== 404;

  return {
    async page(io, { active, email }, page) {
      const filter = { active, ...(email !== undefined && { email }) };
      const body = { [tenantField]: tenantId, page, limit: pageSize, ...filter };
      // The GET of the same name fails in code: its query is never read [C].
      const answer = await api(io, 'POST', '/uflow/user/enduser/list', body, false);
      if (answer.status === 400) throw paused(`${classify(answer).reason}; are tenantId and tenantField right?`);
      const { users, total } = recordOf(expect(answer).body);
      if (!Array.isArray(users) || typeof total !== 'number') {
        throw paused(
          `${answer.method} ${answer.path} answered ${answer.status} without users and their total in it; is the base URL right?`,
        );
      }
      return { users: users.map((user) => endUserOf(user, active) ?? unreadable(answer)), total };
    },
    async get(io, id) {
      const answer = await api(io, 'GET', path(id));
      if (!exists(answer)) return null;
      const { user } = recordOf(answer.body);
      return endUserOf(user ?? answer.body) ?? unreadable(answer);
    },
    async register(io, user) {
      return expect(await api(io, 'POST', '/uflow/user/clients/register', user), 409);
    },
    async update(io, id, fields) {
      return exists(await api(io, 'PUT', path(id), fields));
    },
    async setActive(io, id, active) {
      const body = { [tenantField]: tenantId, user_id: id, active };
      return exists(await api(io, 'POST', '/uflow/admin/enduser/active', body));
    },
    async softDelete(io, id) {
      return exists(await api(io, 'DELETE', path(id)));
    },
    async hardDelete(io, id) {
      const body = { [tenantField]: tenantId, user_id: id };
      return exists(await api(io, 'POST', '/uflow/user/enduser/delete_all', body));
    },
    clockOffset: () => offset,
  };
}

/** An id comes as `id` or `user_id`, the flag as `active` or within `status` [C]. @returns null where there is no id. */
export function endUserOf(body: unknown, active?: boolean): EndUser | null {
  const record = recordOf(body);
  const id = record.id ?? record.user_id;
  if (typeof id !== 'string' || id === '') return null;
  const status = typeof record.status === 'string' ? record.status.toLowerCase() === 'active' : active;
  return { ...record, id, active: typeof record.active === 'boolean' ? record.active : (status ?? true) };
}

/** Errors are documented as an object with a message [P] and coded as a text [C]. */
function worded(answer: Answer, secrets: readonly string[]): Answer {
  const { message } = recordOf(recordOf(answer.body).error);
  return typeof message === 'string' ? { ...answer, detail: hide(message, secrets) } : answer;
}

/** @throws TargetError for what is no account's fault, or a person's to mend: no caller could tell them better. */
function understood(answer: Answer): Answer {
  const { status, detail } = answer;
  const { reason } = classify(answer);
  // No code is documented for it, only words.
  if (status === 400 && /\blast\b.*\buser\b/i.test(detail)) {
    const advice = 'make another user of the tenant active first, then sync this one again';
    throw new TargetError({ kind: 'reject', reason: `${reason}; ${advice}` });
  }
  if (status !== 404) return answer;
  const isOwn = recordOf(answer.body).error !== undefined && /user|tenant|workspace|client|project/i.test(detail);
  if (!isOwn) throw paused(`${reason}: not uflow's own 404; are the base URL, prefix and reality right?`);
  if (!/user/i.test(detail)) throw paused(`${reason}; are tenantId and clientId right?`);
  return answer;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

const paused = (reason: string) => new TargetError({ kind: 'pause', reason });

function unreadable({ method, path, status }: Answer): never {
  throw paused(`${method} ${path} answered ${status} with a user that has no id; is the base URL right?`);
}
