/** Generated filters over the whole grammar, with values that often occur in the population they are asked of. */
import fc, { type Arbitrary } from 'fast-check';
import { type Complex, isComplex, type Scalar } from '../../src/scim/document.ts';
import type { Attribute, ResourceType } from '../../src/scim/schema.ts';
import { toLeaf, valuesAt } from './filter-meaning.ts';
import { leafOf, type Named, type Op, type Tree, textOf } from './filter-tree.ts';
import { anyValueOf } from './values.ts';

/** A filter on resources that are not known yet, as the ids in them differ from store to store. */
export type Plan = (resources: readonly Complex[]) => Tree;

const ORDER: readonly Op[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'];
const OPS: Record<Attribute['type'], readonly Op[]> = {
  string: [...ORDER, 'co', 'sw', 'ew'],
  reference: [...ORDER, 'co', 'sw', 'ew'],
  binary: ['eq', 'ne', 'co', 'sw', 'ew'],
  dateTime: ORDER,
  integer: ORDER,
  decimal: ORDER,
  boolean: ['eq', 'ne'],
  complex: [],
};
const style = fc.nat({ max: 9_240 });

export function filterOn(type: ResourceType): Arbitrary<Plan> {
  return treeOf(pathsOf(type), (resources, path) => resources.flatMap((resource) => valuesAt(path, resource)));
}

/** A filter as text, for resources that are not known yet. */
export type FilterText = (resources: readonly Complex[]) => string;

const FRAGMENTS = [
  '(',
  ')',
  '[',
  ']',
  '"',
  '\\',
  '.',
  ' ',
  'not',
  ' and ',
  ' or ',
  'eq',
  ' pr',
  'null',
  'zz',
  '$ref',
  'password',
].concat([
  'userName',
  'active',
  'emails',
  'value',
  ' "x"',
  ' 1',
  ' true',
  '\ud800',
  '\0',
  'urn:x:y',
  'emails[type eq "work"]',
  '/',
  ':',
]);

/** Filters with something put in, taken out or put in the place of something else. Few are filters still. */
export function nearFilterOn(type: ResourceType): Arbitrary<FilterText> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 4 }), fc.option(fc.constantFrom(...FRAGMENTS))), {
    minLength: 1,
    maxLength: 2,
  });
  const near = fc.tuple(filterOn(type), edits).map(
    ([plan, list]): FilterText =>
      (resources) => {
        const tree = plan(resources);
        return list.reduce(
          (text, [at, gone, put]) => {
            const from = at % (text.length + 1);
            return text.slice(0, from) + (put ?? '') + text.slice(from + gone);
          },
          textOf(tree, type),
        );
      },
  );
  const soup = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }).map(
    (words): FilterText =>
      () =>
        words.join(''),
  );
  return fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: soup });
}

/** One term as often as a filter may be long. */
export function longFilterOn(type: ResourceType): Arbitrary<FilterText> {
  const terms = fc.tuple(filterOn(type), fc.constantFrom(' and ', ' or ', ' or not '));
  return terms.map(
    ([plan, junction]): FilterText =>
      (resources) => {
        const tree = plan(resources);
        const text = `(${textOf(tree, type)})`;
        const fitting = Math.max(1, Math.floor(8_000 / (text.length + junction.length)));
        return Array.from({ length: fitting }, () => text).join(junction);
      },
  );
}

export function pathsOf(type: ResourceType): Named[] {
  const core = [...type.attributes.values()].flatMap((attribute) => namesOf({ attribute }));
  // What is worked out when it is asked for cannot be compared.
  const stored = type.extensions.filter(({ schema }) => !type.computed.has(schema.id));
  const extensions = stored.flatMap(({ schema }) =>
    [...schema.attributes.values()].flatMap((attribute) => namesOf({ extension: schema.id, attribute })),
  );
  return [...core, ...extensions];
}

function namesOf(path: Named): Named[] {
  if (path.attribute.returned === 'never') return [];
  return [path, ...[...path.attribute.subAttributes.values()].map((sub) => ({ ...path, sub }))];
}

type Found = (resources: readonly Complex[], path: Named) => unknown[];

function treeOf(paths: readonly Named[], found: Found, elements = true): Arbitrary<Plan> {
  const leaf = fc.constantFrom(...paths).chain((path) => termOn(path, found));
  const holders = elements ? paths.filter(({ attribute, sub }) => !sub && hasElements(attribute)) : [];
  const element = fc
    .constantFrom(...holders, ...paths.slice(0, holders.length === 0 ? 1 : 0))
    .chain((path) => elementOn(path));
  const { tree } = fc.letrec<{ tree: Plan }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthIdentifier: elements ? 'filter' : 'inner' },
      { weight: 6, arbitrary: leaf },
      { weight: holders.length > 0 ? 3 : 0, arbitrary: element },
      {
        weight: 2,
        arbitrary: tie('tree').map(
          (term): Plan =>
            (resources) => ({ kind: 'not', term: term(resources) }),
        ),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(fc.constantFrom('and', 'or'), fc.array(tie('tree'), { minLength: 2, maxLength: 3 })).map(
          ([kind, terms]): Plan =>
            (resources) => ({ kind, terms: terms.map((term) => term(resources)) }),
        ),
      },
    ),
  }));
  return tree;
}

function hasElements(attribute: Attribute): boolean {
  return attribute.multiValued || attribute.type === 'complex';
}

function elementOn(path: Named): Arbitrary<Plan> {
  const { attribute } = path;
  const itself: Attribute = { ...attribute, name: 'value', multiValued: false };
  const subs = attribute.type === 'complex' ? [...attribute.subAttributes.values()] : [itself];
  const found: Found = (resources, { attribute: sub }) => {
    return resources.flatMap((resource) => valuesAt(sub === itself ? path : { ...path, sub }, resource));
  };
  const inner = subs.map((sub): Named => ({ attribute: sub }));
  const tail = fc.option(
    fc.constantFrom(...inner).chain((each) => termOn(each, found)),
    { freq: 3 },
  );
  return fc.tuple(treeOf(inner, found, false), tail, style).map(
    ([innerPlan, tailPlan, how]): Plan =>
      (resources) => ({
        kind: 'element',
        path,
        inner: innerPlan(resources),
        tail: tailPlan?.(resources) ?? null,
        style: how,
      }),
  );
}

function termOn(path: Named, found: Found): Arbitrary<Plan> {
  const present = style.map(
    (how): Plan =>
      () => ({ kind: 'present', path, style: how }),
  );
  const leaf = leafOf(path);
  if (!leaf) return present;
  const absent = fc.tuple(fc.constantFrom('eq' as const, 'ne' as const), style);
  const compared = fc.tuple(fc.constantFrom(...OPS[leaf.type]), literal(path, leaf, found), style);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: compared.map(
        ([op, value, how]): Plan =>
          (resources) => ({ kind: 'compare', op, path, value: value(resources), style: how }),
      ),
    },
    { weight: 1, arbitrary: present },
    {
      weight: 1,
      arbitrary: absent.map(
        ([op, how]): Plan =>
          () => ({ kind: 'null', op, path, style: how }),
      ),
    },
  );
}

/** Half of them occur, as they are, in another case, or in part. */
function literal(path: Named, leaf: Attribute, found: Found): Arbitrary<(resources: readonly Complex[]) => Scalar> {
  const taken = fc.tuple(fc.nat(), fc.constantFrom(...TWISTS), anyValueOf(leaf)).map(([which, twist, otherwise]) => {
    return (resources: readonly Complex[]): Scalar => {
      const values = found(resources, toLeaf(path)).filter(
        (value) => !isComplex(value as Complex) && !Array.isArray(value),
      );
      const value = (values[which % values.length] ?? otherwise) as Scalar;
      const text = leaf.type === 'string' || leaf.type === 'reference' || leaf.type === 'binary';
      return typeof value === 'string' && text ? twist(value) : value;
    };
  });
  const fixed = anyValueOf(leaf).map((value) => () => value);
  return fc.oneof({ weight: 3, arbitrary: taken }, { weight: 1, arbitrary: fixed });
}

const part = (from: number, to: number) => (text: string) => {
  const points = [...text];
  return points.slice(Math.floor(points.length * from), Math.ceil(points.length * to)).join('');
};
const TWISTS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.toLowerCase(),
  (text) => text.normalize('NFD'),
  (text) => `${text}a`,
  part(0, 0.4),
  part(0, 0.9),
  part(0.3, 0.7),
  part(0.5, 1),
];
