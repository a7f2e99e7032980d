/** Reads what target types have in common out of a person. Where a value goes, and in what form, is the target's own matter. */
import type { Fields, Mapped, Person } from './target.ts';

/** The primary address, else the first, else the user name; '' where there is none of them. */
export function emailOf({ emails, userName }: Person['user']): string {
  const given = (Array.isArray(emails) ? emails : []).map(record).filter((email) => text(email.value) !== '');
  const chosen = given.find((email) => email.primary === true) ?? given[0];
  return chosen ? text(chosen.value) : text(userName);
}

/** A mapped field that an account cannot do without. @throws Error where the mapping gives none. */
export function required({ values }: Pick<Person, 'values'>, field: string): string {
  const value = values[field];
  if (value) return value;
  throw new Error(`${field} is needed, and the mapping gives none for this user`);
}

/** All mapped fields but `names`, '' for those that are cleared. */
export function fieldsBut({ values }: Pick<Person, 'values'>, ...names: string[]): Fields {
  const others = Object.entries(values).filter(([field]) => !names.includes(field));
  return Object.fromEntries(others.map(([field, value]) => [field, value ?? '']));
}

/** Mappings that most target types have. A name taken away is taken away downstream too. */
export const userName: Mapped = { expression: 'user.userName', description: 'Name to log in with' };
export const email: Mapped = { expression: 'email', description: 'E-mail address' };
export const givenName: Mapped = {
  expression: 'has(user.name.givenName) ? user.name.givenName : clear()',
  description: 'First name',
};
export const familyName: Mapped = {
  expression: 'has(user.name.familyName) ? user.name.familyName : clear()',
  description: 'Last name',
};

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
