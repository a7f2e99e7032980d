/** A resource type with the kinds of attribute that User and Group lack: numbers, instants, lists of simple values ... */
import { buildResourceTypes, type ResourceType } from '../../src/scim/schema.ts';
import { GROUP_TYPE, USER_TYPE } from '../scim/fixtures.ts';

const THING = 'urn:example:params:scim:schemas:core:2.0:Thing';
const LAB = 'urn:example:params:scim:schemas:extension:lab:2.0:Thing';

const described = [
  { name: 'size', type: 'integer' },
  { name: 'weight', type: 'decimal' },
  { name: 'at', type: 'dateTime' },
  { name: 'label' },
  { name: 'code', caseExact: true },
  { name: 'sealed', type: 'boolean' },
];
const thing = {
  id: THING,
  name: 'Thing',
  attributes: [
    { name: 'serial', required: true, caseExact: true },
    { name: 'batch', mutability: 'immutable' },
    { name: 'stock', type: 'integer' },
    { name: 'price', type: 'decimal' },
    { name: 'bought', type: 'dateTime' },
    { name: 'wanted', type: 'boolean' },
    { name: 'link', type: 'reference' },
    { name: 'picture', type: 'binary' },
    { name: 'tags', multiValued: true },
    { name: 'sizes', type: 'integer', multiValued: true },
    { name: 'seen', type: 'dateTime', multiValued: true },
    { name: 'box', type: 'complex', subAttributes: described },
    {
      name: 'slots',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'type', canonicalValues: ['left', 'right'] },
        { name: 'primary', type: 'boolean' },
        { name: 'serial', mutability: 'immutable' },
        ...described,
      ],
    },
  ],
};
const lab = {
  id: LAB,
  name: 'Lab',
  attributes: [
    { name: 'bench' },
    { name: 'opened', type: 'dateTime' },
    { name: 'rooms', multiValued: true },
    { name: 'box', type: 'complex', subAttributes: described },
    {
      name: 'keeper',
      type: 'complex',
      subAttributes: [
        { name: 'value', caseExact: true },
        { name: '$ref', type: 'reference' },
        { name: 'displayName', mutability: 'readOnly' },
      ],
    },
  ],
};
const thingType = {
  name: 'Thing',
  endpoint: '/Things',
  schema: THING,
  schemaExtensions: [{ schema: LAB, required: false }],
  'urn:linkspan:defaults': { wanted: true },
};

function thingTypeOf(): ResourceType {
  const type = buildResourceTypes([thing, lab], [thingType]).resourceTypes.get('Thing');
  if (!type) throw new Error('no Thing');
  return type;
}

export const TYPES = [USER_TYPE, GROUP_TYPE, thingTypeOf()] as const;
