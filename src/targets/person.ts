/**
 * Reads what the targets have in common out of a SCIM User (RFC 7643 sections 4.1 and 4.3). Where a value goes, and in what
 * form, is the target's own matter.
 */
import type { Person } from './target.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

export interface PersonFacts {
  userName: string;
  /** The primary address, else the first, else the user name. */
  email: string;
  /** '' where the user has none, so that a value taken away is taken away downstream too. */
  givenName: string;
  familyName: string;
  timezone?: string;
  organization?: string;
}

/** @throws Error where the user has no userName, which SCIM requires. */
export function factsOf({ user }: Pick<Person, 'user'>): PersonFacts {
  const userName = text(user.userName);
  if (!userName) throw new Error('the user has no userName');
  const name = record(user.name);
  const timezone = text(user.timezone);
  const organization = text(record(user[ENTERPRISE]).organization);
  return {
    userName,
    email: emailOf(user.emails) ?? userName,
    givenName: text(name.givenName),
    familyName: text(name.familyName),
    ...(timezone && { timezone }),
    ...(organization && { organization }),
  };
}

function emailOf(emails: unknown): string | undefined {
  const given = (Array.isArray(emails) ? emails : []).map(record).filter((email) => text(email.value) !== '');
  const chosen = given.find((email) => email.primary === true) ?? given[0];
  return chosen && text(chosen.value);
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
