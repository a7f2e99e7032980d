import type { AttributeJson } from './schema.ts';

/**
 * The attributes of every resource, whatever its schema (RFC 7643 section 3.1).
 *
 * `schemas` is readOnly here: it follows from the attributes that a resource has, and is worked out when it is shown.
 */
export const COMMON_ATTRIBUTES: readonly AttributeJson[] = [
  {
    name: 'schemas',
    type: 'reference',
    multiValued: true,
    caseExact: true,
    required: true,
    mutability: 'readOnly',
    returned: 'always',
    referenceTypes: ['uri'],
  },
  { name: 'id', caseExact: true, required: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' },
  { name: 'externalId', caseExact: true },
  {
    name: 'meta',
    type: 'complex',
    mutability: 'readOnly',
    subAttributes: [
      { name: 'resourceType', caseExact: true, mutability: 'readOnly' },
      { name: 'created', type: 'dateTime', mutability: 'readOnly' },
      { name: 'lastModified', type: 'dateTime', mutability: 'readOnly' },
      { name: 'location', type: 'reference', caseExact: true, mutability: 'readOnly', referenceTypes: ['uri'] },
      { name: 'version', caseExact: true, mutability: 'readOnly' },
    ],
  },
];
