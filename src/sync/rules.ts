/**
 * What an administrator decides about one target: who belongs there, what they are granted, what happens when they no
 * longer belong. Pure: the answer for one person depends on the directory as it is now and on nothing else.
 */
import { z } from 'zod';
import type { DirectoryUser } from '../directory/people.ts';
import type { ScopeCompiler } from '../directory/scope.ts';
import type { Person } from '../targets/target.ts';

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
  outOfScope: Leaving.default('disable').describe('for who leaves the scope'),
  deleted: Leaving.default('delete').describe('for whom the identity provider deletes'),
});
export type Rules = z.infer<typeof Rules>;

/** Rules with their scope parsed. */
export interface CompiledRules extends Rules {
  inScope: (user: DirectoryUser) => boolean;
}

/** @throws ScimError invalidFilter where the scope is no filter. */
export function compileRules(rules: Rules, compileScope: ScopeCompiler): CompiledRules {
  return { ...rules, inScope: rules.scope === null ? () => true : compileScope(rules.scope) };
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

function assigned(groups: readonly string[], rules: Rules): string[] {
  const names = groups.flatMap((group) =>
    rules.assignments
      .filter(({ groupPrefix }) => group.startsWith(groupPrefix) && group.length > groupPrefix.length)
      .map(({ groupPrefix }) => group.slice(groupPrefix.length).trim()),
  );
  return [...new Set(names)].sort();
}
