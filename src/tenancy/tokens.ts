/**
 * SCIM bearer tokens (RFC 6750): random, shown once, stored as SHA-256 only. A plain hash suffices because a token has
 * 256 bits of its own; it is looked up by hash, so no comparison leaks time.
 */
import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';
import type { Store } from '../store/store.ts';
import type { Millis } from '../store/tables.ts';
import { AdminError, findTenant, type Tenant } from './tenants.ts';

export interface TokenInfo {
  id: string;
  label: string;
  created_at: Millis;
  expires_at: Millis | null;
  revoked_at: Millis | null;
  last_used_at: Millis | null;
}

/** Whom a request speaks for. */
export interface Credential {
  tenant: Tenant;
  tokenId: string;
}

/** How long an answer about a token may be reused: a revocation is seen by every process within this time. */
const REMEMBERED_MS = 500;
const REMEMBERED_TOKENS = 1_000;

/** @param given a token chosen by the operator; otherwise one is made. @returns the token, which is not shown again. */
export async function issueToken(
  store: Store,
  tenant: string,
  options: { label: string; expiresAt?: Millis; given?: string },
): Promise<string> {
  const token = options.given ?? `lsp_${randomBytes(32).toString('base64url')}`;
  const now = await store.now();
  await store.write((trx) =>
    trx
      .insertInto('tokens')
      .values({
        tenant,
        id: randomUUIDv7(),
        hash: hashOf(token),
        label: options.label,
        created_at: now,
        expires_at: options.expiresAt ?? null,
        revoked_at: null,
        last_used_at: null,
      })
      .execute(),
  );
  return token;
}

export function listTokens(store: Store, tenant: string): Promise<TokenInfo[]> {
  return store.read
    .selectFrom('tokens')
    .select(['id', 'label', 'created_at', 'expires_at', 'revoked_at', 'last_used_at'])
    .where('tenant', '=', tenant)
    .orderBy('id')
    .execute();
}

/** @throws AdminError where the tenant has no such token in force. */
export async function revokeToken(store: Store, tenant: string, id: string): Promise<void> {
  const now = await store.now();
  const { numUpdatedRows } = await store.write((trx) =>
    trx
      .updateTable('tokens')
      .set({ revoked_at: now })
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst(),
  );
  if (!numUpdatedRows) throw new AdminError(`Tenant "${tenant}" has no token ${id} in force. See: linkspan token list`);
}

/** Makes `token` the only one with this label: the former ones end. Nothing changes where it is already. */
export async function replaceToken(store: Store, tenant: string, label: string, token: string): Promise<void> {
  const current = await store.read
    .selectFrom('tokens')
    .select(['hash', 'revoked_at'])
    .where('tenant', '=', tenant)
    .where('label', '=', label)
    .execute();
  if (current.length === 1 && current[0]?.hash === hashOf(token) && current[0].revoked_at === null) return;
  await store.write((trx) =>
    trx.deleteFrom('tokens').where('tenant', '=', tenant).where('label', '=', label).execute(),
  );
  await issueToken(store, tenant, { label, given: token });
}

/** @returns a function that tells whom a token speaks for, or null where it is unknown, expired or revoked. */
export function createAuthenticator(store: Store): (token: string) => Promise<Credential | null> {
  const remembered = new Map<string, { credential: Credential | null; until: number }>();

  return async (token) => {
    const hash = hashOf(token);
    const known = remembered.get(hash);
    if (known && known.until > performance.now()) return known.credential;

    const credential = await lookUp(store, hash);
    if (remembered.size >= REMEMBERED_TOKENS) remembered.clear();
    remembered.set(hash, { credential, until: performance.now() + REMEMBERED_MS });
    return credential;
  };
}

async function lookUp(store: Store, hash: string): Promise<Credential | null> {
  const row = await store.read
    .selectFrom('tokens')
    .select(['tenant', 'id', 'expires_at', 'revoked_at'])
    .where('hash', '=', hash)
    .executeTakeFirst();
  if (!row || row.revoked_at !== null) return null;
  if (row.expires_at !== null && row.expires_at <= (await store.now())) return null;
  const tenant = await findTenant(store, row.tenant);
  return tenant && { tenant, tokenId: row.id };
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
