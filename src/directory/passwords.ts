/**
 * Passwords that an identity provider sends (RFC 7643 section 4.1.1: written, and returned never). The directory keeps none
 * of its own. For targets that take them it leaves them sealed, with the change that tells sync of them; a newer one takes
 * the place of one that has not been delivered. Which targets those are, and how a seal is made, is told from outside.
 *
 * Sealing waits, and a transaction may wait for nothing but its statements: one that comes upon a password ends before it
 * has written anything, and runs again once that is sealed.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Database, Millis } from '../store/tables.ts';

export interface PasswordKeeping {
  /** Ids of the tenant's targets that take passwords, as the transaction sees them. */
  targets(trx: Kysely<Database>, tenant: string): Promise<readonly string[]>;
  /** For this user of this tenant only. */
  seal(plain: string, owner: Owner): Promise<string>;
}

export interface Owner {
  tenant: string;
  userId: string;
}

/** The passwords of one write, which may be run several times. In clear text only here, and only until the write is done. */
export class Passwords {
  readonly #keeping: PasswordKeeping;
  readonly #sealed = new Map<string, string>();

  constructor(keeping: PasswordKeeping) {
    this.#keeping = keeping;
  }

  /**
   * Keeps the password for every target of the tenant that takes it, in the transaction of the user's own change.
   * @param of.initial it comes with the user, who is new. @returns whether it is kept anywhere. @throws Unsealed
   */
  async keep(
    trx: Kysely<Database>,
    { owner, initial, now }: { owner: Owner; initial: boolean; now: Millis },
    plain: string | undefined,
  ): Promise<boolean> {
    if (plain === undefined) return false;
    const targets = await this.#keeping.targets(trx, owner.tenant);
    if (targets.length === 0) return false;
    const sealed = this.#sealed.get(keyOf(owner, plain));
    if (sealed === undefined) throw new Unsealed([{ owner, plain }]);
    await trx
      .insertInto('passwords')
      .values(
        targets.map((target_id) => ({
          tenant: owner.tenant,
          user_id: owner.userId,
          target_id,
          id: randomUUIDv7(),
          sealed,
          initial: initial ? (1 as const) : (0 as const),
          sent: 0 as const,
          created_at: now,
        })),
      )
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'user_id', 'target_id']).doUpdateSet((row) => ({
          id: row.ref('excluded.id'),
          sealed: row.ref('excluded.sealed'),
          initial: row.ref('excluded.initial'),
          sent: row.ref('excluded.sent'),
          created_at: row.ref('excluded.created_at'),
        })),
      )
      .execute();
    return true;
  }

  async seal(unsealed: Unsealed): Promise<void> {
    for (const { owner, plain } of unsealed.found()) {
      this.#sealed.set(keyOf(owner, plain), await this.#keeping.seal(plain, owner));
    }
  }
}

interface Found {
  owner: Owner;
  plain: string;
}

/** A write has come upon passwords that are not sealed yet. It shows none of them, wherever it may end up. */
export class Unsealed extends Error {
  override readonly name = 'Unsealed';
  readonly #found: readonly Found[];

  constructor(found: readonly Found[]) {
    super('A password is not sealed yet.');
    this.#found = found;
  }

  found(): readonly Found[] {
    return this.#found;
  }
}

/** Several are one. */
export function together(unsealed: readonly Unsealed[]): Unsealed {
  return new Unsealed(unsealed.flatMap((each) => each.found()));
}

/** Runs a write, and once more for what it found unsealed. @param run begins a transaction of its own each time. */
export async function withSealed<T>(
  keeping: PasswordKeeping | undefined,
  run: (passwords: Passwords | undefined) => Promise<T>,
): Promise<T> {
  if (!keeping) return run(undefined);
  const passwords = new Passwords(keeping);
  for (;;) {
    try {
      return await run(passwords);
    } catch (error) {
      if (!(error instanceof Unsealed)) throw error;
      await passwords.seal(error);
    }
  }
}

/** The user is deleted: nothing of theirs is to be delivered any more. */
export async function forgetPasswords(trx: Kysely<Database>, { tenant, userId }: Owner): Promise<void> {
  await trx.deleteFrom('passwords').where('tenant', '=', tenant).where('user_id', '=', userId).execute();
}

function keyOf({ tenant, userId }: Owner, plain: string): string {
  return JSON.stringify([tenant, userId, plain]);
}
