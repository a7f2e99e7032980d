/** What PATCH paths and the keys of path-less values name: each text is generated together with what it means. */
import fc, { type Arbitrary } from 'fast-check';
import { type Document, isComplex, type Scalar, type Value } from '../../src/scim/document.ts';
import type { Attribute, ResourceType } from '../../src/scim/schema.ts';
import { fewValuesOf } from './values.ts';

export interface Term {
  sub: Attribute;
  /** `null` is `eq null`. */
  op: 'eq' | 'ne' | 'co' | 'pr' | 'null';
  value: Scalar;
}
export interface Where {
  join: 'and' | 'or';
  terms: Term[];
}
/** Without `attribute` it is the extension, or the resource itself. */
export interface Target {
  extension?: string;
  attribute?: Attribute;
  sub?: Attribute;
  where?: Where;
}
export type PathError = 'invalidPath' | 'invalidFilter';
/** What is wrong with a text, as a path and as a key: a key that names nothing is passed over. */
export interface Wrong {
  asPath: PathError;
  asKey: PathError | undefined;
}
export interface Spelled {
  text: string;
  target: Target | Wrong;
}

/** Every attribute and sub-attribute of a type, and its extensions. */
export function plainTargets(type: ResourceType): Target[] {
  const core = [...type.attributes.values()].map((attribute): Target => ({ attribute }));
  const extended = type.extensions.flatMap(({ schema }) =>
    [...schema.attributes.values()].map((attribute): Target => ({ extension: schema.id, attribute })),
  );
  const whole = [...core, ...extended];
  const subs = whole.flatMap((target) =>
    [...(target.attribute?.subAttributes.values() ?? [])].map((sub) => ({ ...target, sub })),
  );
  return [...whole, ...whole, ...subs, ...type.extensions.map(({ schema }) => ({ extension: schema.id }))];
}

/** @param document its values occur in the brackets, so that these often select something. */
export function spelledTarget(type: ResourceType, document: Document): Arbitrary<Spelled> {
  const all = plainTargets(type);
  const isReadOnly = ({ attribute, sub }: Target) => [attribute, sub].some((each) => each?.mutability === 'readOnly');
  const several = all.filter(({ attribute, sub }) => attribute?.multiValued && !sub);
  const present = several.filter((target) => valuesOf(document, target).length > 0);
  // Nothing but an error can come of a part of a relation's value.
  const isPart = ({ attribute, sub }: Target) => sub !== undefined && type.relations.has(attribute?.name ?? '');
  const plain = (targets: readonly Target[]) =>
    fc
      .tuple(fc.constantFrom(...targets), fc.nat({ max: 99 }))
      .map(([target, style]) => ({ target, text: spell(type, target, style) }));
  const selected = (targets: readonly Target[]) =>
    fc.constantFrom(...targets).chain((target) => valuePath(type, target, document));
  return fc.oneof(
    { weight: 40, arbitrary: plain(all.filter((target) => !isReadOnly(target) && !isPart(target))) },
    { weight: 20, arbitrary: selected(present.length > 0 ? present : several) },
    { weight: 3, arbitrary: selected(several) },
    { weight: 1, arbitrary: plain(all.filter((target) => isReadOnly(target) || isPart(target))) },
    { weight: 1, arbitrary: wrong(type, several) },
  );
}

function spell(type: ResourceType, { extension, attribute, sub }: Target, style: number): string {
  const name = [attribute?.name, sub?.name].filter((each) => each !== undefined).join('.');
  const urn = extension ?? (style % 6 === 0 ? type.schema.id : undefined);
  const alone =
    extension !== undefined &&
    name !== '' &&
    style % 4 === 0 &&
    !type.attributes.has(attribute?.name.toLowerCase() ?? '');
  const text = urn === undefined || alone ? name : name === '' ? urn : `${urn}${style % 9 === 0 ? '.' : ':'}${name}`;
  return [text, text, text, text.toUpperCase(), text.toLowerCase()][style % 5] ?? text;
}

/** The elements that there are. */
export function valuesOf(document: Document, { extension, attribute }: Target): Value[] {
  const scope = extension === undefined ? document : document[extension];
  const value = isComplex(scope) && attribute ? scope[attribute.name] : undefined;
  return Array.isArray(value) ? value : [];
}

function valuePath(type: ResourceType, target: Target, document: Document): Arbitrary<Spelled> {
  const { attribute } = target;
  const subs = [...(attribute?.subAttributes.values() ?? [])];
  // A list of simple values has one sub-attribute: the value itself.
  const inside = attribute && subs.length === 0 ? [{ ...attribute, name: 'value', multiValued: false }] : subs;
  const term = fc
    .constantFrom(...inside)
    .chain((sub) =>
      fc.record({ sub: fc.constant(sub), op: operatorFor(sub), value: termValue(sub, valuesOf(document, target)) }),
    );
  const where = fc.record({
    join: fc.constantFrom<Where['join'][]>('and', 'and', 'and', 'or'),
    terms: fc.oneof({ weight: 3, arbitrary: fc.tuple(term) }, { weight: 1, arbitrary: fc.tuple(term, term) }),
  });
  const part = type.relations.has(attribute?.name ?? '')
    ? fc.constantFrom(undefined, undefined, undefined, ...subs)
    : fc.constantFrom(undefined, ...subs);
  return fc.tuple(where, part, fc.nat({ max: 99 })).map(([filter, sub, style]) => {
    const text = `${spell(type, target, style)}[${whereText(filter, style)}]${sub ? `.${sub.name}` : ''}`;
    return { text, target: { ...target, where: filter, ...(sub && { sub }) } };
  });
}

function termValue(sub: Attribute, elements: readonly Value[]): Arbitrary<Scalar> {
  const there = elements.flatMap((element): Scalar[] => {
    const value = isComplex(element) ? element[sub.name] : element;
    return value === undefined || typeof value === 'object' ? [] : [value];
  });
  if (there.length === 0) return fewValuesOf(sub);
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...there) }, { weight: 1, arbitrary: fewValuesOf(sub) });
}

function operatorFor({ type }: Attribute): Arbitrary<Term['op']> {
  const text = type === 'string' || type === 'reference' || type === 'binary';
  return fc.constantFrom<Term['op'][]>(...Array(9).fill('eq'), 'ne', 'pr', 'null', text ? 'co' : 'eq');
}

function whereText({ join, terms }: Where, style: number): string {
  return terms.map((term) => termText(term, style)).join(` ${join} `);
}

function termText({ sub, op, value }: Term, style: number): string {
  if (op === 'pr') return `${sub.name} pr`;
  if (op === 'null') return `${sub.name} eq null`;
  const literal =
    typeof value === 'boolean' && style % 2 === 0 ? (value ? '"True"' : '"false"') : JSON.stringify(value);
  return `${sub.name} ${op} ${literal}`;
}

function wrong(type: ResourceType, several: readonly Target[]): Arbitrary<Spelled> {
  const list = several[0]?.attribute?.name ?? 'members';
  const single = plainTargets(type).find(({ attribute }) => attribute?.type === 'string')?.attribute?.name ?? 'id';
  const of = (asPath: PathError, asKey: PathError | undefined, ...texts: string[]) =>
    texts.map((text): Spelled => ({ text, target: { asPath, asKey } }));
  return fc.constantFrom(
    ...of(
      'invalidPath',
      undefined,
      'shoeSize',
      `${single}.x`,
      'urn:x:y',
      'a.b.c',
      '__proto__',
      'toString',
      'shoe[x eq 1]',
    ),
    ...of(
      'invalidPath',
      'invalidPath',
      `${single}[value eq "x"]`,
      `${list}[value eq "x"].shoe`,
      `${list}[value eq "x"]x`,
      `${list}[value pr`,
    ),
    ...of(
      'invalidFilter',
      'invalidFilter',
      `${list}[shoe eq "x"]`,
      `${list}[value zz "x"]`,
      `${list}[]`,
      `${list}[0].value`,
    ),
  );
}

export function isWrong(target: Target | Wrong): target is Wrong {
  return 'asPath' in target;
}
