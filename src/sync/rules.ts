/**
 * What an administrator decides about one target: who belongs there, what they are granted, what happens when they no
 * longer belong. Pure: the answer for one person depends on the directory as it is now and on nothing else.
 */
import { z } from 'zod';
import type { DirectoryUser } from '../directory/people.ts';
import type { ScopeCompiler } from '../directory/scope.ts';
import type { Person, TargetType } from '../targets/target.ts';
import { isLimited, KINDS, type Kind, Limits } from './holds/limits.ts';
import type { Mapping, MappingCompiler } from './mapping/mapping.ts';

const Leaving = z.enum(['disable', 'delete', 'keep']);

export const Rules = z.strictObject({
  scope: z.string().nullable().default(null).describe('SCIM filter on the user; null: everybody'),
  onlyAssigned: z
    .boolean()
    .default(false)
    .describe('true: an account is made only for who is granted something; who loses it all keeps the account, empty'),
  assignments: z
    .array(z.strictObject({ groupPrefix: z.string().min(1) }))
    .default([])
    .describe('a member of the group "<prefix><name>" is granted <name>'),
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
    .enum(['recreate', 'report'])
    .default('recreate')
    .describe('for whose record was removed in the target itself; report: it needs a person'),
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
});
export type Rules = z.infer<typeof Rules>;

/** Rules with their filters parsed. */
export interface CompiledRules extends Rules {
  inScope: (user: DirectoryUser) => boolean;
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
  { mapping }: Pick<TargetType, 'mapping'>,
  { compileScope, compileMapping }: RuleCompilers,
): CompiledRules {
  return {
    ...rules,
    fields: part('The mapping does not fit:\n', () => compileMapping(mapping, rules.mapping)),
    inScope: filterOf('The scope', rules.scope, true),
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
  const assignments = assigned(user.groups, rules);
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
  if (!rules.inScope(user) && !(inactive && rules.outOfScope === 'keep')) {
    const why = `not in scope (${rules.scope})`;
    // Kept is what somebody has, not what a deletion should have ended: how soon the person came back must not decide.
    if (removalOwed && rules.outOfScope === 'keep' && rules.deleted !== 'keep') {
      return leaving('disable', `${why}, and deleted before`);
    }
    return leaving(rules.outOfScope, why);
  }
  if (inactive) return leaving('disable', 'inactive');
  if (rules.onlyAssigned && assignments.length === 0) {
    return hasAccount
      ? { presence: 'active', why: 'no assignment is left, the account stays', assignments }
      : { presence: 'none', why: 'nothing is assigned', assignments };
  }
  return { presence: 'active', why: rules.scope ? `in scope (${rules.scope})` : 'everybody is in scope', assignments };
}

/** What each group grants here: nothing, where no rule is about it. */
export function grantsOf(
  groups: readonly string[],
  rules: Pick<Rules, 'assignments'>,
): { group: string; grants: string[] }[] {
  return groups.map((group) => ({
    group,
    grants: rules.assignments
      .filter(({ groupPrefix }) => group.startsWith(groupPrefix) && group.length > groupPrefix.length)
      .map(({ groupPrefix }) => group.slice(groupPrefix.length).trim()),
  }));
}

function assigned(groups: readonly string[], rules: Rules): string[] {
  return [...new Set(grantsOf(groups, rules).flatMap(({ grants }) => grants))].sort();
}
