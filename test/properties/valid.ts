/** What must hold of every stored document (RFC 7643 sections 2 and 7), checked against the schema alone. */
import type { Attribute, AttributeMap, ResourceType } from '../../src/scim/schema.ts';

/** @returns what is wrong, with where. */
export function faultsOf(document: Record<string, unknown>, type: ResourceType): string[] {
  const urns = type.extensions.map(({ schema }) => schema.id);
  const core = Object.fromEntries(Object.entries(document).filter(([name]) => !urns.includes(name)));
  const stored = [...type.attributes.values()].filter(({ name, mutability }) => {
    return mutability !== 'readOnly' && mutability !== 'writeOnly' && !type.relations.has(name);
  });
  const faults = membersOf(core, new Map(stored.map((attribute) => [attribute.name, attribute])), '');
  for (const { schema, required } of type.extensions) {
    const content = document[schema.id];
    if (content === undefined && !required) continue;
    const known = [...schema.attributes.values()].map((attribute): [string, Attribute] => [attribute.name, attribute]);
    faults.push(
      ...(isEntry(content) ? membersOf(content, new Map(known), `${schema.id}:`) : [`${schema.id} is no object`]),
    );
  }
  for (const name of type.defaults.keys()) if (document[name] === undefined) faults.push(`${name} has lost its value`);
  const order = [...stored.map(({ name }) => name), ...urns];
  const names = Object.keys(document);
  if (names.some((name, index) => order.indexOf(name) < order.indexOf(names[index - 1] ?? '')))
    faults.push('is out of order');
  return faults;
}

/** @param known by canonical name, which is the only one that a stored value may have. */
function membersOf(members: Record<string, unknown>, known: AttributeMap, at: string): string[] {
  const faults = Object.entries(members).flatMap(([name, value]) => {
    const attribute = known.get(name);
    return attribute ? valueFaults(attribute, value, `${at}${name}`) : [`${at}${name} is not of the schema`];
  });
  if (Object.keys(members).length === 0) faults.push(`${at || 'the document'} is empty`);
  for (const { name, required } of known.values())
    if (required && members[name] === undefined) faults.push(`${at}${name} is missing`);
  return faults;
}

function valueFaults(attribute: Attribute, value: unknown, at: string): string[] {
  if (!attribute.multiValued) return oneFaults(attribute, value, at);
  if (!Array.isArray(value) || value.length === 0) return [`${at} is no list of values`];
  const primaries = value.filter((each) => isEntry(each) && each.primary === true);
  const faults = value.flatMap((each, index) => oneFaults(attribute, each, `${at}[${index}]`));
  return primaries.length > 1 ? [...faults, `${at} has ${primaries.length} primary values`] : faults;
}

function oneFaults(attribute: Attribute, value: unknown, at: string): string[] {
  if (attribute.type === 'complex') {
    const subs = new Map([...attribute.subAttributes.values()].map((sub) => [sub.name, sub]));
    return isEntry(value) ? membersOf(value, subs, `${at}.`) : [`${at} is no object`];
  }
  const fits = {
    boolean: typeof value === 'boolean',
    integer: Number.isSafeInteger(value),
    decimal: typeof value === 'number' && Number.isFinite(value),
    dateTime: typeof value === 'string' && !Number.isNaN(Date.parse(value.toUpperCase())),
    binary: typeof value === 'string',
    reference: typeof value === 'string',
    string: typeof value === 'string',
  }[attribute.type];
  if (!fits) return [`${at} is no ${attribute.type}`];
  return attribute.required && String(value).trim() === '' ? [`${at} is empty`] : [];
}

function isEntry(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
