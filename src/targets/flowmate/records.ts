/**
 * Reads and writes one user, and knows whether a write took place. The source answers 500 to nearly everything that goes
 * wrong with a PATCH, so a refusal says nothing by itself: a read decides (README.md, "500").
 */
import { classify } from '../http.ts';
import { TargetError } from '../outcome.ts';
import type { Io, Observed } from '../target.ts';
import { type Client, isAccepted } from './client.ts';
import { gone, rejected, retried, taken } from './failures.ts';
import { fold, idsIn, observe as observeAs, type UserRecord } from './mapping.ts';
import type { Roles } from './roles.ts';
import type { Settings } from './settings.ts';

type Change = Readonly<Record<string, unknown>>;

export interface Records {
  observe(user: UserRecord, io: Io): Promise<Observed>;
  /** Whether it is of our FlowMate tenant, as far as that can be seen. */
  isOurs(user: UserRecord): boolean;
  /** null: gone. @throws TargetError for a user of another FlowMate tenant, whom a PATCH would change all the same. */
  read(id: string, io: Io): Promise<UserRecord | null>;
  /** @throws TargetError `retry` where the user is gone. */
  present(id: string, io: Io): Promise<UserRecord>;
  /** @returns the record where it had to be read to know that the change stands, else null. */
  patch(id: string, change: Change, io: Io): Promise<UserRecord | null>;
}

export function createRecords(settings: Settings, client: Client, roles: Roles): Records {
  const observe = async (user: UserRecord, io: Io) => observeAs(user, await roles.of(user, io));
  /** Names are unique across FlowMate's tenants, and an administrator sees them all. */
  const isOurs = ({ tenant }: UserRecord) =>
    settings.tenantId === '' || typeof tenant !== 'string' || tenant === settings.tenantId;

  async function read(id: string, io: Io): Promise<UserRecord | null> {
    const user = await client.get(io, id);
    if (user === null || isOurs(user)) return user;
    throw rejected(`the user ${id} belongs to another FlowMate tenant; see setting tenantId`);
  }

  async function present(id: string, io: Io): Promise<UserRecord> {
    const user = await read(id, io);
    if (user) return user;
    throw gone(id);
  }

  async function patch(id: string, change: Change, io: Io): Promise<UserRecord | null> {
    if (!client.isPossible(id)) throw gone(id);
    const answer = await client.patch(io, id, change);
    if (isAccepted(answer)) return null;
    const failure = classify(answer);
    if (failure.kind === 'pause' || answer.status === 429) throw new TargetError(failure);
    const isUnclear = failure.kind === 'retry' && failure.unclear === true;
    const after = await read(id, io).catch((error: unknown) => {
      throw isUnclear && error instanceof TargetError && error.failure.kind === 'retry'
        ? new TargetError({ ...error.failure, unclear: true })
        : error;
    });
    if (after === null) throw gone(id);
    if (stands(change, after)) return after;
    if (typeof change.username === 'string' && change.username !== fold(String(after.username))) {
      const holder = (await client.named(io, [change.username], false)).find((user) => user.id !== id);
      if (holder || answer.status === 409) throw taken(change.username, holder?.id ?? null);
    }
    throw answer.status === 404 ? retried(failure.reason, false) : new TargetError(failure);
  }

  return { observe, isOurs, read, present, patch };
}

/** Whether a record shows all of a change. A password never shows. */
function stands(change: Change, user: UserRecord): boolean {
  const sorted = (value: unknown) => idsIn(value).sort().join(' ');
  return Object.entries(change).every(([name, value]) => {
    if (name === 'password') return false;
    if (name === 'username') return fold(String(user.username)) === value;
    return Array.isArray(value) ? sorted(value) === sorted(user[name]) : (user[name] || null) === value;
  });
}
