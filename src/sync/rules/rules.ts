/**
 * What an administrator decides about one target: who belongs there, what they are granted, what happens when they no
 * longer belong. Pure: the answer for one person depends on the directory as it is now and on nothing else.
 */
import { z } from 'zod';
import { nameKey } from '../../directory/names.ts';
import type { DirectoryUser } from '../../directory/people.ts';
import type { ScopeCompiler } from '../../directory/scope.ts';
import type { Person, TargetType } from '../../targets/target.ts';
import { isLimited, KINDS, type Kind, Limits } from '../holds/limits.ts';
import { AssignmentRule, compileAssignments, type Source, type Sources } from './assignment-rules.ts';
import type { Mapping, MappingCompiler } from './mapping/mapping.ts';

const Leaving = z.enum(['disable', 'delete', 'keep']);

export const Rules = z.strictObject({
  scope: z.string().nullable().default(null).describe('SCIM filter on the user; null: everybody'),
  groups: z
    .array(z.string().trim().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'display names: who is in one of these groups, or in a group inside, and meets the scope; null: no condition',
    ),
  onlyAssigned: z
    .boolean()
    .default(false)
    .describe('true: an account is made only for who is granted something; who loses it all keeps the account, empty'),
  assignments: z
    .array(AssignmentRule)
    .max(10_000)
    .default([])
    .describe('who is granted what: a member of the group "<prefix><name>" <name>, or as a table says (docs/rules.md)'),
  mapping: z
    .record(z.string(), z.string().min(1))
    .default({})
    .describe("CEL expressions over `user` and `email`, by field, in place of the target type's own"),
  outOfScope: Leaving.default('disable').describe('for who leaves the scope'),
  deleted: Leaving.default('delete').describe('for whom the identity provider deletes'),
  existing: z
    .enum(['exact', 'ask', 'refuse'])
    .default('exact')
    .describe(
      'a record that is there already and has exactly the names: exact links it, ask asks a person, refuse links none',
    ),
  missing: z
    .enum(['auto', 'recreate', 'report'])
    .default('auto')
    .describe(
      'for whose record was removed in the target itself; report: it needs a person; auto: report where making it anew invites somebody again, else recreate',
    ),
  limits: Limits,
  approvalHours: z
    .number()
    .int()
    .min(1)
    .max(8_760)
    .default(24)
    .describe('what an administrator approved may begin for so long; the rest is held back again. Default: 24'),
  neverDelete: z.boolean().default(false).describe('true: whoever is to be deleted is disabled'),
  protected: z
    .string()
    .nullable()
    .default(null)
    .describe('SCIM filter on the user: who is never disabled, deleted or unassigned; null: nobody'),
  passwords: z
    .enum(['none', 'random-discard', 'pass-through'])
    .default('random-discard')
    .describe(
      'of a new account: none sends none, random-discard one that nobody knows; pass-through also sets what the identity provider sends, whenever it does',
    ),
  passwordDays: z
    .number()
    .int()
    .min(1)
    .max(90)
    .default(7)
    .describe('a password that cannot be delivered is given up after so many days. Default: 7'),
});
export type Rules = z.infer<typeof Rules>;

/** Rules with their filters parsed. */
export interface CompiledRules extends Rules {
  /** By the filter and the groups. */
  inScope: (user: DirectoryUser) => boolean;
  /** The groups, and the values, that the user has here, with what they grant. */
  sourcesOf: Sources;
  /** What a group or a value of this name grants. */
  grantsOf: (from: Source['from'], name: string) => string[];
  /** Whether a change of a group may take somebody out of scope. */
  byGroups: boolean;
  isProtected: (user: DirectoryUser) => boolean;
  fields: Mapping;
  /** The kinds that have a limit. */
  limited: ReadonlySet<Kind>;
}

/** What rules are written in. */
export interface RuleCompilers {
  compileScope: ScopeCompiler;
  compileMapping: MappingCompiler;
}

/** What is wrong with rules, in words for an administrator. */
export class RulesError extends Error {
  override readonly name = 'RulesError';
}

/** @throws RulesError */
export function compileRules(
  rules: Rules,
  { mapping, capabilities }: Pick<TargetType, 'mapping' | 'capabilities'>,
  { compileScope, compileMapping }: RuleCompilers,
): CompiledRules {
  const meetsScope = filterOf('The scope', rules.scope, true);
  const named = rules.groups && new Set(rules.groups.map(nameKey));
  return {
    ...rules,
    ...part('Rules that do not fit:\n', () => compileAssignments(rules.assignments, capabilities.assignments)),
    fields: part('The mapping does not fit:\n', () => compileMapping(mapping, rules.mapping)),
    inScope: (user) => meetsScope(user) && (named === null || user.groups.some((name) => named.has(nameKey(name)))),
    byGroups: named !== null || /\bgroups\b/i.test(rules.scope ?? ''),
    isProtected: filterOf('Rule "protected"', rules.protected, false),
    limited: new Set(KINDS.filter((kind) => isLimited(rules.limits[kind]))),
  };

  function filterOf(what: string, filter: string | null, otherwise: boolean) {
    if (filter === null) return () => otherwise;
    return part(`${what} is no SCIM filter: `, () => compileScope(filter));
  }
}

function part<T>(problem: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    throw new RulesError(`${problem}${(error as Error).message}`);
  }
}

/** Whether a linked record that is gone is a matter for a person. */
export function reportsMissing({
  rules,
  type,
}: {
  rules: Pick<Rules, 'missing'>;
  type: Pick<TargetType, 'capabilities'>;
}) {
  return rules.missing === 'report' || (rules.missing !== 'recreate' && type.capabilities.invites);
}

export interface Standing {
  /** `none`: nothing is wanted and nothing is to be taken away; `keep`: the account stays as it is. */
  presence: Person['presence'] | 'keep' | 'none';
  /** In words, for an administrator. */
  why: string;
  assignments: readonly string[];
}

/**
 * @param hasAccount whether there is, or may be, an account that somebody could still use.
 * @param removalOwed whether it is that of a deleted former self, and still has the access that was to be taken away.
 */
export function standing(
  user: DirectoryUser,
  rules: CompiledRules,
  hasAccount: boolean,
  removalOwed = false,
): Standing {
  const leaving = (policy: z.infer<typeof Leaving>, why: string): Standing => {
    if (!hasAccount) return { presence: 'none', why: `${why}, and has no account here`, assignments: [] };
    const presence = ({ disable: 'inactive', delete: 'absent', keep: 'keep' } as const)[policy];
    if (presence === 'absent' && rules.neverDelete) {
      return { presence: 'inactive', why: `${why}: disable, because nobody is ever deleted here`, assignments: [] };
    }
    return { presence, why: `${why}: ${policy}`, assignments: [] };
  };

  if (user.deleted) return leaving(rules.deleted, 'deleted by the identity provider');
  const inactive = user.resource.active === false;
  // Who is inactive loses access whatever the groups are, unless they decide between losing and keeping it.
  if (!inactive || rules.outOfScope !== 'disable') requireGroups(user, rules);
  if (!rules.inScope(user) && !(inactive && rules.outOfScope === 'keep')) {
    const why = `not in scope (${scopeText(rules)})`;
    // Kept is what somebody has, not what a deletion should have ended: how soon the person came back must not decide.
    if (removalOwed && rules.outOfScope === 'keep' && rules.deleted !== 'keep') {
      return leaving('disable', `${why}, and deleted before`);
    }
    return leaving(rules.outOfScope, why);
  }
  if (inactive) return leaving('disable', 'inactive');
  const assignments = [...new Set(rules.sourcesOf(user).flatMap(({ grants }) => grants))].sort();
  if (rules.onlyAssigned && assignments.length === 0) {
    return hasAccount
      ? { presence: 'active', why: 'no assignment is left, the account stays', assignments }
      : { presence: 'none', why: 'nothing is assigned', assignments };
  }
  const scope = scopeText(rules);
  return { presence: 'active', why: scope ? `in scope (${scope})` : 'everybody is in scope', assignments };
}

/** Who belongs, in words; null: everybody. */
export function scopeText({ scope, groups }: Pick<Rules, 'scope' | 'groups'>): string | null {
  // Rules that were stored before there was this one have none.
  if (!groups) return scope;
  const members = `in the ${groups.length === 1 ? 'group' : 'groups'} ${groups.map((name) => `"${name}"`).join(' or ')}`;
  return scope === null ? members : `${scope}, and ${members}`;
}

/** Half of somebody's groups decide nothing. */
function requireGroups({ groupsProblem }: DirectoryUser, { groups, assignments }: Rules): void {
  const areAsked = groups !== null || assignments.some((rule) => !('from' in rule));
  if (areAsked && groupsProblem !== undefined) throw new Error(groupsProblem);
}
