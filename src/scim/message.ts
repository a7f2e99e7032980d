import { excerpt, invalidSyntax } from './errors.ts';

/**
 * The members of a message by lower-case name, because attribute names have no case (RFC 7643 section 2.1).
 *
 * @throws invalidSyntax where one stands there twice, in different spelling: nobody could say which of them is meant.
 */
export function byLowerCase(message: Record<string, unknown>): Record<string, unknown> {
  const members = new Map<string, unknown>();
  for (const [name, value] of Object.entries(message)) {
    const lower = name.toLowerCase();
    if (members.has(lower)) throw invalidSyntax(`'${excerpt(lower)}' was sent twice, in different spelling`);
    members.set(lower, value);
  }
  return Object.fromEntries(members);
}
