/**
 * The situations of an account: what was found when its record was looked for, what is done about it unless a rule says
 * otherwise, and what a person can do. Data; the look itself is `locate.ts`'s matter.
 *
 * The first eight are kept with the account (accounts.situation), beside what was decided in this case (accounts.reason).
 */
import type { DirectoryUser } from '../../directory/people.ts';
import type { CompiledRules, Standing } from '../rules/rules.ts';

export interface SituationFacts {
  meaning: string;
  /** What is done by default, and why. */
  reaction: string;
  /** What a person can do; null: there is nothing to be done. */
  advice: string | null;
}

export const SITUATIONS = {
  confirmed: {
    meaning: 'the record that the account is linked to is there',
    reaction: 'it is made what it should be, field by field: it is known by its id, whatever its name',
    advice: null,
  },
  absent: {
    meaning: 'the account is linked to no record, and none has its names',
    reaction: 'one is made where the user should have access; who should have none needs none',
    advice: null,
  },
  found: {
    meaning: 'the account is linked to no record, and one that is linked to nobody has exactly its names',
    reaction:
      'it is linked (rule "existing"), and its names and e-mail address stay as they are until the directory changes them: names can be given to somebody else, an id cannot',
    advice:
      'rule "existing": "ask" asks before a record is linked, "refuse" links none; see: linkspan adopt list <tenant>',
  },
  ambiguous: {
    meaning: 'several records that are linked to nobody have exactly its names',
    reaction: 'none is touched: a wrong guess would give one person the access of another',
    advice:
      'choose one with: linkspan adopt approve <tenant> <target> <user> --record <id>; or leave only one in the target',
  },
  'already-linked': {
    meaning: 'the record with its names is linked to somebody else',
    reaction:
      'it is not touched. Where its user is on the way to another name, or out, the account waits; where not, it needs a person',
    advice:
      'rename or delete the user who has the record, or give this one another name; the account then goes on by itself',
  },
  missing: {
    meaning: 'the record that the account was linked to is gone, though nobody asked for that here',
    reaction: 'it is made anew where the user should have access (rule "missing"), under a new id',
    advice: 'find out who removes records in the target itself; rule "missing": "report" makes none anew',
  },
  'source-missing': {
    meaning: 'the user was deleted by the identity provider',
    reaction: 'the record is deleted (rule "deleted")',
    advice: 'rule "deleted": "disable" or "keep" leaves it in the target',
  },
  'out-of-scope': {
    meaning: 'the user does not belong in this target: by its scope, by its assignments, or never having had access',
    reaction: 'a record that is linked is disabled (rule "outOfScope"), none is made, and none is looked for',
    advice: 'see what the scope and the assignments ask for with: linkspan explain <user>',
  },
  orphan: {
    meaning: 'the record in the target belongs to no account',
    reaction: 'it is reported by a reconcile and never touched: it may be somebody whom this directory does not know',
    advice: 'create the user in the identity provider, with the same names, or remove the record in the target',
  },
} as const satisfies Record<string, SituationFacts>;

/** What was found when the account was looked for. An orphan has no account. */
export type Situation = Exclude<keyof typeof SITUATIONS, 'orphan'>;

/** @param situation as kept with an account. @returns null where none is known: it was never looked for. */
export function describeSituation(
  situation: string | null,
): ({ situation: keyof typeof SITUATIONS } & SituationFacts) | null {
  if (situation === null || !Object.hasOwn(SITUATIONS, situation)) return null;
  const known = situation as keyof typeof SITUATIONS;
  return { situation: known, ...SITUATIONS[known] };
}

/** The situation that lies with the user, whatever the target holds; null: somebody who belongs there. */
export function situationOf(
  user: DirectoryUser | null,
  { presence }: Standing,
  rules: Pick<CompiledRules, 'inScope'>,
): 'source-missing' | 'out-of-scope' | null {
  if (!user || user.deleted) return 'source-missing';
  if (presence === 'none' || presence === 'keep') return 'out-of-scope';
  return presence === 'active' || rules.inScope(user) ? null : 'out-of-scope';
}

/**
 * What was decided, in words, where nothing failed.
 * @param now whether there is a record at the end. @param why of the user's standing.
 */
export function decisionOf(situation: Situation | null, now: boolean, why: string): string | null {
  switch (situation) {
    case 'confirmed':
      return `the linked record is as it should be: ${why}`;
    case 'absent':
      return now ? `there was no record, and one was made: ${why}` : `there is no record, and none is needed: ${why}`;
    case 'found':
      return 'the record was there before, and is linked now; its names and e-mail address were left as they are';
    case 'missing':
      return now
        ? `the linked record was gone, and was made anew: ${why}`
        : `the linked record was gone already: ${why}`;
    case 'source-missing':
    case 'out-of-scope':
      return why;
    default:
      return null;
  }
}
