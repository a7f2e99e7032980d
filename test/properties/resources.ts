/** Bodies of resources, following their schema: what a client may create. */
import fc, { type Arbitrary } from 'fast-check';
import { type Complex, isComplex, isEmpty, type Scalar, type Value } from '../../src/scim/document.ts';
import type { Attribute, AttributeMap, ResourceType } from '../../src/scim/schema.ts';
import { anyValueOf } from './values.ts';

type Values = (attribute: Attribute) => Arbitrary<Scalar>;

/** Without relations. A required attribute may be missing. */
export function bodyOf(type: ResourceType, values: Values = anyValueOf): Arbitrary<Complex> {
  const core = complexOf(type.attributes, values, (attribute) => !type.relations.has(attribute.name));
  const extensions = type.extensions.map(({ schema }) =>
    fc.option(complexOf(schema.attributes, values), { freq: 3 }).map((content): Complex => {
      return content && !isEmpty(content) ? { [schema.id]: content } : {};
    }),
  );
  return fc.tuple(core, ...extensions).map((parts): Complex => Object.assign({}, ...parts));
}

function complexOf(attributes: AttributeMap, values: Values, wanted = (_: Attribute) => true): Arbitrary<Complex> {
  const model: Record<string, Arbitrary<Value | undefined>> = {};
  for (const attribute of attributes.values()) {
    const { mutability } = attribute;
    if (mutability === 'readOnly' || mutability === 'writeOnly' || !wanted(attribute)) continue;
    model[attribute.name] = attributeValue(attribute, values);
  }
  return fc.record(model, { requiredKeys: [] }).map((members) => {
    const present = Object.entries(members).filter((member): member is [string, Value] => member[1] !== undefined);
    return Object.fromEntries(present);
  });
}

function attributeValue(attribute: Attribute, values: Values): Arbitrary<Value | undefined> {
  const one: Arbitrary<Value> =
    attribute.type === 'complex' ? complexOf(attribute.subAttributes, values) : values(attribute);
  if (!attribute.multiValued) return one;
  return fc.array(one, { maxLength: 3 }).map((elements) => withOnePrimary(elements.filter((each) => !isEmpty(each))));
}

export function withOnePrimary(elements: readonly Value[]): Value[] {
  const first = elements.findIndex((each) => isComplex(each) && each.primary === true);
  return elements.map((each, index) => {
    return isComplex(each) && each.primary === true && index !== first ? { ...each, primary: false } : each;
  });
}
