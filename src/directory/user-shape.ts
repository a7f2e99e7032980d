/** What a user may have: for expressions over users, which name attributes that a user need not have. */
import type { Complex } from '../scim/document.ts';
import type { ResourceType } from '../scim/schema.ts';

export interface UserShape {
  /** Canonical names of the attributes, and the URNs of the extensions. */
  names: ReadonlySet<string>;
  /** Complex attributes and extensions as empty objects, multi-valued attributes as empty lists. */
  blank: Complex;
}

export function userShape(userType: ResourceType): UserShape {
  const blank: Record<string, Complex[string]> = {};
  const names = new Set<string>();
  for (const attribute of userType.attributes.values()) {
    names.add(attribute.name);
    if (attribute.multiValued) blank[attribute.name] = [];
    else if (attribute.type === 'complex') blank[attribute.name] = {};
  }
  for (const { schema } of userType.extensions) {
    names.add(schema.id);
    blank[schema.id] = {};
  }
  return { names, blank };
}
