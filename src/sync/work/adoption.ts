/**
 * Adoption: linking an account to a record that was in the target before. Matching by names is a decision about security,
 * for names can be given to somebody else: so it is a rule (`existing`), an administrator may be asked, a decision holds for
 * the record that was seen and no other, and adopting never rewrites the names by which a record was recognized.
 *
 * Pure. Neither a create of ours whose answer was lost nor what a rehire takes over is adoption.
 */
import type { Millis } from '../../store/tables.ts';
import type { Desired, Keys, Observed } from '../../targets/target.ts';
import type { Rules } from '../rules/rules.ts';

/** Records that an account may be, and what an administrator has said about them: accounts.adoption, JSON. */
export interface Question {
  askedAt: Millis;
  /** The names under which they were found. */
  keys: Keys;
  /** Ids of the records, and their own names where they were read. */
  records: readonly { id: string; keys?: Keys }[];
  decision?: { kind: 'approved'; record: string; at: Millis } | { kind: 'refused'; at: Millis };
}

/** How an account came to a record that had been there before: accounts.adopted, JSON. */
export interface Adopted {
  at: Millis;
  record: string;
  /** Who decided: the rule `existing`, or an administrator. */
  by: 'rule' | 'administrator';
  /** The names that the directory asked for then. */
  wanted: Keys;
  /** The record's own writing of them, and of the fields of the same name. */
  keys: Keys;
  fields: Readonly<Record<string, string>>;
}

export type Verdict =
  | { kind: 'link'; record: string; by: Adopted['by'] }
  /** `refused`: an administrator said no to all of them. `forbidden`: the rule does. */
  | { kind: 'ask' | 'refused' | 'forbidden' };

/** @param records ids of those that are linked to nobody, one at least. */
export function judge(existing: Rules['existing'], records: readonly string[], question: Question | null): Verdict {
  if (existing === 'refuse') return { kind: 'forbidden' };
  const decision = question?.decision;
  if (decision?.kind === 'approved' && records.includes(decision.record)) {
    return { kind: 'link', record: decision.record, by: 'administrator' };
  }
  if (decision?.kind === 'refused' && records.every((id) => question?.records.some((seen) => seen.id === id))) {
    return { kind: 'refused' };
  }
  const [only, ...others] = records;
  if (existing === 'exact' && only !== undefined && others.length === 0) {
    return { kind: 'link', record: only, by: 'rule' };
  }
  return { kind: 'ask' };
}

/** The question as it stands now: the one that was asked before, where it is about the same records. */
export function ask(before: Question | null, asked: Omit<Question, 'decision'>): Question {
  const ids = (question: Omit<Question, 'decision'>) => JSON.stringify(question.records.map(({ id }) => id).sort());
  return before && ids(before) === ids(asked) ? before : asked;
}

export function adoptedFrom(record: Observed, wanted: Desired, about: Pick<Adopted, 'at' | 'by'>): Adopted {
  const named = Object.keys(record.keys).filter((name) => name in wanted.fields && name in record.fields);
  return {
    ...about,
    record: record.id,
    wanted: wanted.keys,
    keys: record.keys,
    fields: Object.fromEntries(named.map((name) => [name, record.fields[name] ?? ''])),
  };
}

/**
 * What an adopted record should look like: as long as the directory asks for the names that it asked for when the record was
 * adopted, the record keeps its own writing of them. That they fit was said by the target; how it writes them is its own.
 */
export function asAdopted(desired: Desired, adopted: Adopted | null): Desired {
  if (!adopted || !isSame(desired.keys, adopted.wanted)) return desired;
  return { ...desired, keys: adopted.keys, fields: { ...desired.fields, ...adopted.fields } };
}

function isSame(one: Keys, other: Keys): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

/** Why an account rests that could be linked, and what to do: for `accounts.reason`. */
export function restsBecause(
  verdict: 'ask' | 'refused' | 'forbidden',
  records: readonly string[],
  { tenant, target, userName }: { tenant: string; target: string; userName: string },
): string {
  const [only = '', ...others] = records;
  const exists =
    others.length === 0 ? 'an account of that name exists' : `${records.length} accounts of that name exist`;
  const there = `${exists} (${records.slice(0, 10).join(', ')})`;
  const approve = `linkspan adopt approve ${[tenant, target, userName].map(shellWord).join(' ')}`;
  switch (verdict) {
    case 'forbidden':
      return `${there}; rule "existing" is "refuse", so it is not linked: remove it there, or set the rule to "ask" or "exact"`;
    case 'refused':
      return `${there}; an administrator refused to link it. To link it all the same: ${approve} --record ${shellWord(only)}`;
    case 'ask':
      return others.length === 0
        ? `${there}; approve with: ${approve}`
        : `${there}, and which of them it is cannot be told; choose with: ${approve} --record <id>`;
  }
}

/** As a shell takes it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
