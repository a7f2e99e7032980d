import catalogueEntry from '../../scim-schemas/CatalogueEntry.json' with { type: 'json' };
import enterpriseUser from '../../scim-schemas/EnterpriseUser.json' with { type: 'json' };
import entitlement from '../../scim-schemas/Entitlement.json' with { type: 'json' };
import group from '../../scim-schemas/Group.json' with { type: 'json' };
import oktaEntitlement from '../../scim-schemas/OktaEntitlement.json' with { type: 'json' };
import oktaRole from '../../scim-schemas/OktaRole.json' with { type: 'json' };
import provisioning from '../../scim-schemas/Provisioning.json' with { type: 'json' };
import role from '../../scim-schemas/Role.json' with { type: 'json' };
import resourceTypesJson from '../../scim-schemas/resource-types.json' with { type: 'json' };
import user from '../../scim-schemas/User.json' with { type: 'json' };
import { type ScimError, ScimError as ScimErrorClass } from '../../src/scim/errors.ts';
import { buildResourceTypes, type ResourceType } from '../../src/scim/schema.ts';

const catalogue = [role, entitlement, oktaRole, oktaEntitlement, catalogueEntry];
export const built = buildResourceTypes([user, group, enterpriseUser, provisioning, ...catalogue], resourceTypesJson);

function typeNamed(name: string): ResourceType {
  const type = built.resourceTypes.get(name);
  if (!type) throw new Error(`no resource type ${name}`);
  return type;
}

export const USER_TYPE = typeNamed('User');
export const GROUP_TYPE = typeNamed('Group');

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCHOP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** A type whose attributes have the characteristics that User and Group lack. */
export const DEVICE = 'urn:example:params:scim:schemas:core:2.0:Device';
export const LAB = 'urn:example:params:scim:schemas:extension:2.0:Lab';
const device = {
  id: DEVICE,
  name: 'Device',
  attributes: [
    { name: 'serial', required: true, mutability: 'immutable', caseExact: true },
    { name: 'tags', multiValued: true },
    { name: 'weight', type: 'decimal' },
    { name: 'ports', type: 'integer' },
    { name: 'bought', type: 'dateTime' },
    { name: 'secretNote', returned: 'request' },
    { name: 'hidden', returned: 'never' },
    {
      name: 'slots',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'code', mutability: 'immutable' },
        { name: 'note', returned: 'request' },
        { name: 'key', returned: 'always' },
      ],
    },
  ],
};
const lab = { id: LAB, name: 'Lab', attributes: [{ name: 'bench', required: true }, { name: 'room' }] };
const deviceType = {
  name: 'Device',
  endpoint: '/Devices',
  schema: DEVICE,
  schemaExtensions: [{ schema: LAB, required: true }],
};

export function deviceTypeOf(): ResourceType {
  const { resourceTypes } = buildResourceTypes([device, lab], [deviceType]);
  const type = resourceTypes.get('Device');
  if (!type) throw new Error('no Device');
  return type;
}

/** The ScimError that a function throws; anything else fails the test. */
export function failureOf(run: () => unknown): ScimError {
  try {
    run();
  } catch (error) {
    if (error instanceof ScimErrorClass) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
