/** Every check, in the order in which they are told of. */
import type { Check } from '../trial.ts';
import { checks as authentication } from './authentication.ts';
import { checks as bulk } from './bulk.ts';
import { checks as bulkReferences } from './bulk-references.ts';
import { checks as create } from './create.ts';
import { checks as cursor } from './cursor.ts';
import { checks as remove } from './delete.ts';
import { checks as dialects } from './dialects.ts';
import { checks as discovery } from './discovery.ts';
import { checks as entra } from './entra.ts';
import { checks as errors } from './errors.ts';
import { checks as etag } from './etag.ts';
import { checks as filter } from './filter.ts';
import { checks as filterAttributes } from './filter-attributes.ts';
import { checks as filterValues } from './filter-values.ts';
import { checks as groups } from './groups.ts';
import { checks as http } from './http.ts';
import { checks as list } from './list.ts';
import { checks as listPages } from './list-pages.ts';
import { checks as me } from './me.ts';
import { checks as okta } from './okta.ts';
import { checks as password } from './password.ts';
import { checks as patchAdd } from './patch-add.ts';
import { checks as patchGeneral } from './patch-general.ts';
import { checks as patchMembers } from './patch-members.ts';
import { checks as patchRefusals } from './patch-refusals.ts';
import { checks as patchRemove } from './patch-remove.ts';
import { checks as patchReplace } from './patch-replace.ts';
import { checks as projection } from './projection.ts';
import { checks as projectionHidden } from './projection-hidden.ts';
import { checks as read } from './read.ts';
import { checks as replace } from './replace.ts';
import { checks as schemas } from './schemas.ts';
import { checks as search } from './search.ts';
import { checks as sort } from './sort.ts';
import { checks as users } from './users.ts';

export const checks: readonly Check[] = [
  ...authentication,
  ...discovery,
  ...schemas,
  ...http,
  ...errors,
  ...users,
  ...create,
  ...read,
  ...remove,
  ...replace,
  ...patchGeneral,
  ...patchRefusals,
  ...patchAdd,
  ...patchRemove,
  ...patchReplace,
  ...patchMembers,
  ...groups,
  ...list,
  ...listPages,
  ...cursor,
  ...filter,
  ...filterValues,
  ...filterAttributes,
  ...sort,
  ...projection,
  ...projectionHidden,
  ...search,
  ...etag,
  ...bulk,
  ...bulkReferences,
  ...password,
  ...me,
  ...entra,
  ...okta,
  ...dialects,
];
