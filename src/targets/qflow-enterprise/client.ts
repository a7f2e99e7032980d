/**
 * The calls of the Qflow Enterprise API that a user's life needs, each with the shapes that it may answer in (README.md has
 * the source of each). It decides nothing: what a record or a refusal means is `connection.ts`'s matter.
 */
import { randomBytes } from 'node:crypto';
import { type Answer, expect, segment } from '../http.ts';
import { TargetError } from '../outcome.ts';
import { openQflow } from '../qflow-account.ts';
import type { Io, Vault } from '../target.ts';
import type { UserRecord } from './mapping.ts';
import type { Settings } from './settings.ts';

export interface Client {
  /** null: there is none. */
  get(io: Io, id: string): Promise<UserRecord | null>;
  byEmail(io: Io, email: string): Promise<UserRecord[]>;
  all(io: Io): Promise<UserRecord[]>;
  /** null where the answer is not a number. */
  total(io: Io): Promise<number | null>;
  /** Any status: a refusal may mean that the user is there already. */
  create(io: Io, user: Readonly<Record<string, string>>): Promise<Answer>;
  /** Replaces the record. */
  put(io: Io, user: UserRecord): Promise<void>;
  changeUserName(io: Io, id: string, from: string, to: string): Promise<void>;
  changePassword(io: Io, id: string, newPassword: string): Promise<void>;
  /** Any status but those that say nothing about the user; only a read tells whether it is gone. */
  remove(io: Io, id: string, by: 'body' | 'query'): Promise<Answer>;
}

export function createClient(settings: Settings, vault: Vault): Client {
  const api = openQflow(settings, vault);
  const root = '/users/v1/api';
  return {
    async get(io, id) {
      const answer = expect(await api(io, 'GET', `${root}/user/${segment(id)}`), 404);
      return answer.status === 404 ? null : (userOf(answer.body) ?? unreadable(answer));
    },
    async byEmail(io, email) {
      const query = new URLSearchParams({ [settings.emailParameter]: email });
      const answer = expect(await api(io, 'GET', `${root}/users/email?${query}`), 404);
      if (answer.status === 404 || (answer.body === undefined && answer.text === '')) return [];
      const given = (Array.isArray(answer.body) ? answer.body : [answer.body]).filter((each) => each !== null);
      const users = usersOf(given);
      return users.length === given.length ? users : unreadable(answer);
    },
    async all(io) {
      const answer = expect(await api(io, 'GET', `${root}/users`));
      if (!Array.isArray(answer.body)) return unreadable(answer);
      const users = usersOf(answer.body);
      return users.length === answer.body.length ? users : unreadable(answer);
    },
    async total(io) {
      const { body } = expect(await api(io, 'GET', `${root}/users/total`));
      const total = (body as { total?: unknown } | null)?.total ?? body;
      return typeof total === 'number' ? total : null;
    },
    create: (io, user) => api(io, 'POST', `${root}/user`, user),
    async put(io, user) {
      expect(await api(io, 'PUT', `${root}/user`, user));
    },
    async changeUserName(io, id, oldUserName, newUserName) {
      expect(await api(io, 'PUT', `${root}/user/changeusername`, { id, oldUserName, newUserName }));
    },
    async changePassword(io, id, newPassword) {
      expect(await api(io, 'PUT', `${root}/user/changepassword`, { id, newPassword }));
    },
    async remove(io, id, by) {
      const query = by === 'query' ? `?${new URLSearchParams({ id })}` : '';
      return expect(await api(io, 'DELETE', `${root}/user${query}`, by === 'body' ? { id } : undefined), 400, 404);
    },
  };
}

/** One that nobody knows: 192 random bits, and one character of each class that password rules ask for. */
export function randomPassword(): string {
  return `${randomBytes(24).toString('base64url')}aA1!`;
}

/** A user record, or null for anything else. Ids may come as numbers. */
export function userOf(body: unknown): UserRecord | null {
  const id = (body as { id?: unknown } | null | undefined)?.id;
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') return null;
  return { ...(body as Record<string, unknown>), id: String(id) };
}

/** One record, a list of them, or nothing: all of these are answers to a look-up. */
function usersOf(body: unknown): UserRecord[] {
  return (Array.isArray(body) ? body : [body]).map(userOf).filter((user) => user !== null);
}

function unreadable({ method, path, status }: Answer): never {
  const reason = `${method} ${path} answered ${status} without users in it; is the base URL right?`;
  throw new TargetError({ kind: 'pause', reason });
}
