/** People to be invited, as a spreadsheet (CSV, a header first) or a program (NDJSON, an object a line) writes them. */

import type { Invitee } from '../directory/onboarding.ts';
import { AdminError } from '../tenancy/tenants.ts';
import { csvRecords } from './csv.ts';

export interface PeopleFile {
  people: Invitee[];
  problems: { line: number; problem: string }[];
}

const ONE = ['userName', 'email', 'givenName', 'familyName', 'displayName', 'externalId', 'userType', 'title'] as const;
const MANY = ['groups', 'roles', 'organisations'] as const;
type Column = (typeof ONE)[number] | (typeof MANY)[number];
type Row = Partial<Record<Column, unknown>>;

const ALIASES: Readonly<Record<string, Column>> = {
  ...Object.fromEntries([...ONE, ...MANY].map((name) => [name.toLowerCase(), name])),
  ...{ mail: 'email', emailaddress: 'email', firstname: 'givenName', lastname: 'familyName', surname: 'familyName' },
  ...{ group: 'groups', role: 'roles', organisation: 'organisations', organization: 'organisations' },
  organizations: 'organisations',
};

/** @throws AdminError where the file as a whole cannot be read; what is wrong with one line is among `problems`. */
export function peopleIn(text: string, file: string): PeopleFile {
  const isLines = /^\uFEFF?\s*\{/.test(text);
  const rows = isLines ? objectsIn(text) : recordsIn(text, file);
  const found: PeopleFile = { people: [], problems: [] };
  const seen = new Map<string, number>();
  for (const { line, row } of rows) {
    const person = typeof row === 'string' ? row : personOf(row, line);
    if (typeof person === 'string') {
      found.problems.push({ line, problem: person });
      continue;
    }
    const name = person.userName.toLowerCase();
    const before = seen.get(name);
    if (before !== undefined) {
      found.problems.push({ line, problem: `"${person.userName}" is on line ${before} already` });
      continue;
    }
    seen.set(name, line);
    found.people.push(person);
  }
  return found;
}

function recordsIn(text: string, file: string): { line: number; row: Row | string }[] {
  let records: { line: number; fields: string[] }[];
  try {
    records = csvRecords(text);
  } catch (error) {
    throw new AdminError(`${file}: ${(error as Error).message}.`);
  }
  const [header, ...lines] = records;
  const columns = (header?.fields ?? []).map(columnOf);
  const unknown = columns.indexOf(undefined);
  const known = [...ONE, ...MANY].join(', ');
  if (unknown >= 0) {
    throw new AdminError(`${file} has an unknown column "${header?.fields[unknown]}". Known are: ${known}.`);
  }
  if (!columns.includes('email') && !columns.includes('userName')) {
    throw new AdminError(`The first line of ${file} must name its columns, email or userName among them: ${known}.`);
  }
  return lines.map(({ line, fields }) => {
    if (fields.length > columns.length) return { line, row: `it has ${fields.length} fields, not ${columns.length}` };
    return { line, row: Object.fromEntries(columns.map((column, index) => [column, fields[index] ?? ''])) };
  });
}

function objectsIn(text: string): { line: number; row: Row | string }[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((line, index): { line: number; row: Row | string }[] =>
      line.trim() === '' ? [] : [{ line: index + 1, row: objectIn(line) }],
    );
}

function objectIn(line: string): Row | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'it is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'it is no JSON object';
  const entries = Object.entries(value).map(([name, each]) => [columnOf(name) ?? name, each] as const);
  const unknown = entries.find(([name]) => columnOf(name) === undefined);
  return unknown ? `"${unknown[0]}" is not known` : Object.fromEntries(entries);
}

/** `Given name` is `givenName`. */
function columnOf(title: string): Column | undefined {
  const name = title.toLowerCase().replaceAll(/[\s_-]/g, '');
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
}

/** @returns what is wrong with it, in words, or the person. */
function personOf(row: Row, line: number): Invitee | string {
  const wrong = ONE.find((name) => row[name] !== undefined && row[name] !== null && typeof row[name] !== 'string');
  if (wrong) return `${wrong} is no text`;
  const text = (name: (typeof ONE)[number]) => (typeof row[name] === 'string' ? row[name].trim() : '');
  const email = text('email') || text('userName');
  if (email === '') return 'it has neither email nor userName';
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) return `"${email}" is no e-mail address, and an invitation needs one`;
  const [groups, roles, organisations] = MANY.map((name) => listOf(row[name]));
  if (!groups || !roles || !organisations) return 'groups, roles and organisations are a text or a list of texts';
  const optional = ONE.slice(2).flatMap((name) => (text(name) === '' ? [] : [[name, text(name)]]));
  const names = Object.fromEntries(optional) as Partial<Invitee>;
  return { line, userName: text('userName') || email, email, ...names, groups, roles, organisations };
}

/** In a field of CSV they are separated by `;` or `|`. */
function listOf(value: unknown): string[] | null {
  if (value === undefined || value === null) return [];
  const parts: unknown[] = typeof value === 'string' ? value.split(/[;|]/) : Array.isArray(value) ? value : [null];
  if (!parts.every((part) => typeof part === 'string')) return null;
  return [...new Set(parts.map((part) => part.trim()).filter((part) => part !== ''))];
}
