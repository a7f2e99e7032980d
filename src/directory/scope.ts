/** A scope: a SCIM filter on a user, asked of one user at a time. */
import { matches } from '../scim/filter/match.ts';
import { parseFilter } from '../scim/filter/parse.ts';
import type { ResourceType } from '../scim/schema.ts';
import type { DirectoryUser } from './people.ts';

/** @throws ScimError invalidFilter where the text is no filter on a user. */
export type ScopeCompiler = (text: string) => (user: DirectoryUser) => boolean;

export function createScopeCompiler(userType: ResourceType): ScopeCompiler {
  return (text) => {
    const filter = parseFilter(text, userType);
    return (user) => matches(filter, user.resource, userType);
  };
}
