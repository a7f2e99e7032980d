/**
 * Encryption at rest for credentials, refresh tokens and passwords in transit: compact JWE (RFC 7516), `dir` with
 * AES-256-GCM, the key's id in the header so that a value says which key it needs.
 */
import { createHash, hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';

export interface Cipher {
  /** @param about what it is and whose: authenticated with it, so that it opens as nothing else. It can be read. */
  seal(plain: string, about?: string): Promise<string>;
  /** @throws WrongKey where the value was sealed with another key, as something else, or is not intact. */
  open(sealed: string, about?: string): Promise<string>;
}

export class WrongKey extends Error {
  override readonly name = 'WrongKey';
}

/** A key for one purpose, so that what was sealed for another cannot be passed off as its own. */
export function deriveKey(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', purpose, 32));
}

/** @param key 32 bytes. */
export function createCipher(key: Uint8Array): Cipher {
  const kid = createHash('sha256').update(key).digest('hex').slice(0, 8);
  return {
    // The protected header is the additional authenticated data (RFC 7516 section 5.1).
    seal: (plain, about) =>
      new CompactEncrypt(new TextEncoder().encode(plain))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, ...(about !== undefined && { about }) })
        .encrypt(key),
    async open(sealed, about) {
      try {
        const { plaintext, protectedHeader } = await compactDecrypt(sealed, key);
        if (protectedHeader.about !== about) throw new Error('It was sealed as something else.');
        return new TextDecoder().decode(plaintext);
      } catch (cause) {
        throw new WrongKey(explain(sealed, kid), { cause });
      }
    },
  };
}

function explain(sealed: string, kid: string): string {
  let needs: unknown;
  try {
    needs = decodeProtectedHeader(sealed).kid;
  } catch {
    return 'A stored secret is damaged. Enter the credentials of its target again (linkspan target set).';
  }
  return needs === kid
    ? 'A stored secret was changed since it was written. Enter the credentials of its target again.'
    : `A stored secret was encrypted with key ${needs}, but LINKSPAN_SECRET_KEY is key ${kid}. Start with the former key.`;
}
