/**
 * PATCH as plainly as it can be written down: RFC 7644 section 3.5.2, with this project's choices where it leaves room. It
 * shares nothing with `src/scim` but the schemas and the errors' names, takes all the time it wants, and is what the product
 * is compared with.
 */
import type { Attribute, ResourceType } from '../../src/scim/schema.ts';
import { selectedSet, wholeSet, withoutDescribed, withoutSelected } from './patch-elements.ts';
import { type Entry, isEntry, merge, type Op, Refusal, read, readParts, single, UNSET } from './patch-reading.ts';
import { assignRelation, type Relation, removeRelation } from './patch-relations.ts';
import { isWrong, type Spelled, type Target } from './patch-target.ts';

export interface State {
  type: ResourceType;
  document: Entry;
  relations: Relation[];
  password: string | undefined;
  createOnReplace: boolean;
}

/** @param known what the paths and keys in the operation mean. */
export function applyOperation(state: State, operation: Entry, known: readonly Spelled[]): void {
  const op = String(operation.op).toLowerCase();
  if (typeof operation.op !== 'string' || !['add', 'replace', 'remove'].includes(op))
    throw new Refusal('invalidSyntax');
  const { path, value } = operation;
  if (path !== undefined && path !== null && typeof path !== 'string') throw new Refusal('invalidPath');
  const target = path?.trim() ? known.find(({ text }) => text === path)?.target : {};
  if (!target) throw new Error(`the test does not know what ${path} means`);
  if (isWrong(target)) throw new Refusal(target.asPath);
  // An extension becomes part of a resource with its first attribute.
  if (target.attribute?.name === 'schemas' && op === 'add') return;
  if (op !== 'remove' && value === undefined) throw new Refusal('invalidValue');
  // What is worked out is readOnly as a whole.
  if (!target.attribute && state.type.computed.has(target.extension ?? '')) throw new Refusal('mutability');
  if (op === 'remove') remove(state, target, value);
  else if (!target.attribute) assignAll(state, op as Op, target.extension, value, known);
  else {
    refuseReadOnly(target);
    assign(state, op as Op, target, target.attribute, value);
  }
}

function assignAll(
  state: State,
  op: Op,
  extension: string | undefined,
  value: unknown,
  known: readonly Spelled[],
): void {
  if (extension !== undefined && (value === null || value === '')) {
    for (const attribute of attributesOf(state.type, extension))
      put(state, { extension, attribute }, attribute, UNSET, 'invalidValue');
    return;
  }
  if (!isEntry(value)) throw new Refusal('invalidValue');
  const seen = new Set<string>();
  for (const [key, member] of Object.entries(value)) {
    const target =
      extension === undefined
        ? known.find(({ text }) => text === key)?.target
        : inExtension(state.type, extension, key);
    if (!target) continue;
    if (isWrong(target)) {
      if (target.asKey) throw new Refusal(target.asKey);
      continue;
    }
    const name = [target.extension, target.attribute?.name, target.sub?.name].join(' ');
    if (seen.has(name) && !target.where) throw new Refusal('invalidSyntax');
    seen.add(name);
    if (!target.attribute) assignAll(state, op, target.extension, member, known);
    else if (target.attribute.mutability !== 'readOnly') assign(state, op, target, target.attribute, member);
  }
}

function inExtension(type: ResourceType, extension: string, key: string): Target | undefined {
  const [name, sub, ...more] = key.toLowerCase().split('.');
  const attribute = attributesOf(type, extension).find((each) => each.name.toLowerCase() === name);
  if (!attribute || more.length > 0) return undefined;
  if (sub === undefined) return { extension, attribute };
  const found = attribute.subAttributes.get(sub);
  return found && { extension, attribute, sub: found };
}

function assign(state: State, op: Op, target: Target, attribute: Attribute, value: unknown): void {
  const { sub, where } = target;
  const current = currentOf(state, target, attribute);
  if (attribute.mutability === 'writeOnly') {
    const secret = read(attribute, value);
    state.password = typeof secret === 'string' ? secret : undefined;
  } else if (isRelation(state, target)) {
    assignRelation(state.relations, op, target, attribute, value);
  } else if (attribute.multiValued) {
    const elements = Array.isArray(current) ? current : [];
    const next =
      where || sub
        ? selectedSet(state.createOnReplace, op, target, attribute, elements, value)
        : wholeSet(op, attribute, elements, value);
    put(state, target, attribute, next.length > 0 ? next : UNSET, 'invalidValue');
  } else if (attribute.type === 'complex') {
    const parts = readParts(attribute, sub ? { [sub.name]: value } : single(value));
    const next = parts === UNSET ? UNSET : merge(attribute, isEntry(current) ? current : {}, parts);
    put(state, target, attribute, next, 'invalidValue');
  } else put(state, target, attribute, read(attribute, value), 'invalidValue');
}

function remove(state: State, target: Target, value: unknown): void {
  const { extension, attribute, sub, where } = target;
  if (!attribute) {
    if (extension === undefined) throw new Refusal('noTarget');
    for (const each of attributesOf(state.type, extension)) put(state, { extension }, each, UNSET, 'mutability');
    return;
  }
  refuseReadOnly(target);
  const current = currentOf(state, target, attribute);
  if (attribute.mutability === 'writeOnly') state.password = undefined;
  else if (isRelation(state, target)) removeRelation(state.relations, target, attribute, value);
  else if (!attribute.multiValued) {
    if (!sub) put(state, target, attribute, UNSET, 'mutability');
    else if (isEntry(current))
      put(state, target, attribute, merge(attribute, current, { [sub.name]: UNSET }, 'mutability'), 'mutability');
  } else {
    const elements = Array.isArray(current) ? current : [];
    const next =
      where || sub ? withoutSelected(target, attribute, elements) : withoutDescribed(attribute, elements, value);
    put(state, target, attribute, next.length > 0 ? next : UNSET, 'mutability');
  }
}

/** @param refusal what is wrong with leaving a required attribute without a value. */
function put(
  state: State,
  target: Target,
  attribute: Attribute,
  next: unknown,
  refusal: 'invalidValue' | 'mutability',
): void {
  const current = currentOf(state, target, attribute);
  if (JSON.stringify(sortedKeys(current)) === JSON.stringify(sortedKeys(next))) return;
  if (attribute.mutability === 'immutable' && current !== UNSET) throw new Refusal('mutability');
  const { extension } = target;
  if (next === UNSET) {
    if (extension === undefined && state.type.defaults.has(attribute.name)) return;
    if (attribute.required) throw new Refusal(refusal);
  }
  const content = extension === undefined ? state.document : state.document[extension];
  const scope: Entry = isEntry(content) ? content : {};
  if (next === UNSET) delete scope[attribute.name];
  else scope[attribute.name] = next;
  if (extension === undefined) return;
  if (Object.keys(scope).length > 0) state.document[extension] = scope;
  else delete state.document[extension];
}

function currentOf({ document }: State, { extension }: Target, { name }: Attribute): unknown {
  const scope = extension === undefined ? document : document[extension];
  return isEntry(scope) ? scope[name] : UNSET;
}

function attributesOf(type: ResourceType, extension: string): Attribute[] {
  return [...(type.extensions.find(({ schema }) => schema.id === extension)?.schema.attributes.values() ?? [])];
}

function refuseReadOnly({ attribute, sub }: Target): void {
  if (attribute?.mutability === 'readOnly' || sub?.mutability === 'readOnly') throw new Refusal('mutability');
}

function isRelation({ type }: State, { extension, attribute }: Target): boolean {
  return extension === undefined && attribute !== undefined && type.relations.has(attribute.name);
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  return isEntry(value)
    ? Object.entries(value)
        .map(([key, member]) => [key, sortedKeys(member)])
        .sort()
    : value;
}
