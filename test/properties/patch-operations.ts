/** Generated PATCH operations: right ones, those that identity providers send instead, and wrong ones. */
import fc, { type Arbitrary } from 'fast-check';
import { type Document, isComplex } from '../../src/scim/document.ts';
import type { Attribute, ResourceType } from '../../src/scim/schema.ts';
import type { Entry } from './patch-reading.ts';
import { isWrong, plainTargets, type Spelled, spelledTarget, type Target, valuesOf } from './patch-target.ts';
import { fewValuesOf } from './values.ts';

export interface Generated {
  operation: Entry;
  /** What its path, and the keys in its value, mean. */
  known: Spelled[];
}

const ROLE = '{"id":"1","value":"Admin","displayName":"Administrator"}';
const MISFITS = [
  7,
  1.5,
  true,
  'x',
  'yes',
  '2026-02-30T00:00:00Z',
  '   ',
  {},
  { a: 1 },
  [],
  [null],
  ['x', 'y'],
  [['x']],
  [7],
  [{}],
];
const op = fc.oneof(
  { weight: 80, arbitrary: fc.constantFrom('add', 'replace', 'remove', 'add', 'replace', 'Add', 'REPLACE', 'Remove') },
  { weight: 1, arbitrary: fc.constantFrom<unknown[]>('move', '', 7, null, ['add']) },
);

export function operationOn(type: ResourceType, document: Document): Arbitrary<Generated> {
  return fc
    .oneof({ weight: 3, arbitrary: withPath(type, document) }, { weight: 1, arbitrary: withoutPath(type, document) })
    .chain((generated) =>
      fc.tuple(op, fc.nat({ max: 99 })).map(([drawn, style]): Generated => {
        const { path, value } = generated.operation;
        // Removing nothing in particular is no more than an error.
        const verb = drawn === 'remove' && !path && style > 5 ? 'add' : drawn;
        const pairs = Object.entries({
          op: verb,
          path: style === 1 ? 7 : path,
          value: style === 2 ? undefined : value,
        });
        // Without a value a `remove` takes all.
        const sent = pairs.filter(
          ([name, each]) => each !== undefined && !(name === 'value' && String(verb) === 'remove' && style % 2 === 0),
        );
        return { ...generated, operation: Object.fromEntries(sent) };
      }),
    );
}

/** Names of an operation's members have no case (RFC 7643 section 2.1). */
export function inAnyCase(operation: Entry): Entry {
  return Object.fromEntries(
    Object.entries(operation).map(([name, value]) => [name === 'op' ? 'Op' : name.toUpperCase(), value]),
  );
}

function withPath(type: ResourceType, document: Document): Arbitrary<Generated> {
  return spelledTarget(type, document).chain((spelled) =>
    valueFor(type, spelled.target, document).map(
      (value): Generated => ({ operation: { path: spelled.text, value }, known: [spelled] }),
    ),
  );
}

function withoutPath(type: ResourceType, document: Document): Arbitrary<Generated> {
  const itself: Spelled = { text: type.schema.id, target: {} };
  const path = fc.constantFrom(undefined, undefined, null, '', '  ', itself.text);
  const member = spelledTarget(type, document).chain((spelled) =>
    valueFor(type, spelled.target, document).map((value): [Spelled, unknown] => [spelled, value]),
  );
  const members = fc.array(member, { minLength: 1, maxLength: 3 });
  return fc
    .tuple(path, fc.oneof({ weight: 30, arbitrary: members }, { weight: 1, arbitrary: fc.constantFrom(...MISFITS) }))
    .map(([at, content]): Generated => {
      const isMembers =
        Array.isArray(content) && content.some((each) => Array.isArray(each) && typeof each[0] === 'object');
      if (!isMembers) return { operation: { path: at, value: content }, known: [itself] };
      const pairs = content as [Spelled, unknown][];
      const value = Object.fromEntries(pairs.map(([{ text }, each]) => [text, each]));
      return { operation: { path: at, value }, known: [itself, ...pairs.map(([spelled]) => spelled)] };
    });
}

function valueFor(type: ResourceType, target: Spelled['target'], document: Document): Arbitrary<unknown> {
  if (isWrong(target)) return fc.constantFrom<unknown[]>('x', null, true);
  const { attribute, sub, extension, where } = target;
  const leaf = sub ?? attribute;
  if (!leaf)
    return fc.oneof(
      { weight: 8, arbitrary: extensionValue(type, extension) },
      { weight: 1, arbitrary: fc.constantFrom(null, '', 'x', 7, []) },
    );
  const one = where && !sub ? { ...leaf, multiValued: false } : leaf;
  const there = valuesOf(document, target);
  if (sub || where || there.length === 0) return sentAs(one);
  const known = fc.tuple(fc.constantFrom(...there), fc.nat({ max: 4 })).map(([element, style]) => {
    if (!isComplex(element)) return element;
    const pairs = Object.entries(element).filter(([name]) => style > 0 || name !== 'primary');
    return Object.fromEntries(
      pairs.map(([name, value]) => [name, style === 1 && name === 'value' ? String(value).toUpperCase() : value]),
    );
  });
  return fc.oneof(sentAs(one), fc.array(fc.oneof(elementOf(leaf), known), { minLength: 1, maxLength: 3 }));
}

function extensionValue(type: ResourceType, extension: string | undefined): Arbitrary<Entry> {
  const targets = plainTargets(type).filter((target): target is Target & { attribute: Attribute } => {
    return target.extension === extension && target.attribute !== undefined;
  });
  if (targets.length === 0) return fc.constant({});
  const member = fc.constantFrom(...targets).chain(({ attribute, sub }) => {
    const name = sub ? `${attribute.name}.${sub.name}` : attribute.name;
    const spelled = fc.constantFrom(name, name, name.toUpperCase(), 'unheardOf', `${extension}:${name}`);
    return fc.tuple(spelled, sentAs(sub ?? attribute));
  });
  return fc.array(member, { minLength: 1, maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));
}

/** A value of the attribute as some client or other writes it. */
function sentAs(attribute: Attribute): Arbitrary<unknown> {
  const one = elementOf(attribute);
  const list = fc.array(one, { maxLength: 3 });
  return fc.oneof(
    { weight: 50, arbitrary: attribute.multiValued ? list : one },
    { weight: 5, arbitrary: attribute.multiValued ? one : list.map((values) => values.slice(0, 1)) },
    { weight: 5, arbitrary: fc.constantFrom(null, '') },
    { weight: 1, arbitrary: list },
    { weight: 1, arbitrary: fc.constantFrom(...MISFITS) },
  );
}

function elementOf(attribute: Attribute): Arbitrary<unknown> {
  if (attribute.type === 'boolean') return fc.constantFrom<unknown[]>(true, true, false, 'True', ' false ');
  if (attribute.type !== 'complex') return fewValuesOf(attribute);
  const subs = [...attribute.subAttributes.values()];
  const member = fc.constantFrom(...subs, ...subs.filter(({ name }) => name === 'value')).chain((sub) => {
    const name = fc.constantFrom(sub.name, sub.name, sub.name, sub.name, sub.name, sub.name.toUpperCase(), 'shoe');
    return fc.tuple(name, sub.type === 'complex' ? fc.constant('x') : sentAs(sub));
  });
  const entry = fc.array(member, { maxLength: 4 }).map((pairs): unknown => Object.fromEntries(pairs));
  const bare = fc.constantFrom<unknown[]>('a', 'b', ROLE, { value: ROLE, type: 'Work' });
  return fc.oneof(
    { weight: 8, arbitrary: entry },
    { weight: 1, arbitrary: attribute.subAttributes.has('value') ? bare : entry },
  );
}
