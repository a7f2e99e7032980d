/** Bodies that a server should take, by its own schemas: what it requires, and of the usual attributes those it has. */
import { randomBytes } from 'node:crypto';
import type { Attribute, Json, JsonObject, Server } from '../trial.ts';
import { GROUP, USER } from './discover.ts';

/** @param name unique; a user's name looks like an e-mail address, since many servers demand that. */
export function userBody(server: Server, name: string, overrides: JsonObject = {}): JsonObject {
  const userName = typeof overrides.userName === 'string' ? overrides.userName : `${name}@example.com`;
  const has = (path: string) => server.attribute('User', path) !== null;
  const usual: JsonObject = {
    userName,
    ...(has('name.givenName') && has('name.familyName') && { name: { givenName: 'Jane', familyName: 'Roe' } }),
    ...(has('displayName') && { displayName: 'Jane Roe' }),
    ...(has('emails.value') && { emails: [{ value: `${name}@example.com`, type: 'work', primary: true }] }),
    ...(has('active') && { active: true }),
  };
  return complete(server, USER, usual, overrides, name);
}

export function groupBody(server: Server, name: string, overrides: JsonObject = {}): JsonObject {
  return complete(server, GROUP, { displayName: name }, overrides, name);
}

function complete(server: Server, urn: string, usual: JsonObject, overrides: JsonObject, name: string): JsonObject {
  const known = server.resourceTypes.find((each) => each.schema.toLowerCase() === urn.toLowerCase());
  const required = (known?.schemaExtensions ?? []).filter((each) => each.required).map((each) => each.schema);
  const core = filled(server.schemas.get(urn.toLowerCase())?.attributes ?? [], usual, name);
  const extensions = required.map((each): [string, JsonObject] => [
    each,
    filled(server.schemas.get(each.toLowerCase())?.attributes ?? [], {}, name),
  ]);
  const urns = [...required, ...Object.keys(overrides).filter((key) => key.startsWith('urn:'))];
  return { schemas: [...new Set([urn, ...urns])], ...core, ...Object.fromEntries(extensions), ...overrides };
}

/** `usual` with what is required and missing, at both levels. */
function filled(attributes: readonly Attribute[], usual: JsonObject, name: string): JsonObject {
  const body: JsonObject = { ...usual };
  for (const attribute of attributes) {
    const key = Object.keys(body).find((each) => each.toLowerCase() === attribute.name.toLowerCase()) ?? attribute.name;
    if (attribute.mutability === 'readOnly' || COMMON.has(attribute.name)) continue;
    const given = body[key];
    if (given === undefined) {
      if (attribute.required) body[key] = sample(attribute, name);
    } else if (attribute.type === 'complex') {
      const inner = (each: Json) => (isObject(each) ? filled(attribute.subAttributes, each, name) : each);
      body[key] = Array.isArray(given) ? given.map(inner) : inner(given);
    }
  }
  return body;
}

const COMMON = new Set(['id', 'schemas', 'meta']);

function sample(attribute: Attribute, name: string): Json {
  const one = single(attribute, name);
  return attribute.multiValued ? [one] : one;
}

function single(attribute: Attribute, name: string): Json {
  const [canonical] = attribute.canonicalValues;
  if (canonical !== undefined) return canonical;
  switch (attribute.type) {
    case 'boolean':
      return true;
    case 'integer':
      return 1;
    case 'decimal':
      return 1.5;
    case 'dateTime':
      return '2026-01-01T00:00:00Z';
    case 'binary':
      return 'bGlua3NwYW4=';
    case 'reference':
      return 'https://example.com/linkspan-compliance';
    case 'complex': {
      const { subAttributes } = attribute;
      const value = subAttributes.find((each) => each.name === 'value' && each.mutability !== 'readOnly');
      return filled(subAttributes, value ? { value: single(value, name) } : {}, name);
    }
    default:
      return text(attribute.name, name);
  }
}

/** By the name, for servers that look closer than their schema says. */
function text(attribute: string, name: string): string {
  if (/mail/i.test(attribute)) return `${name}@example.com`;
  if (/phone/i.test(attribute)) return '+1-555-555-0100';
  if (/password/i.test(attribute)) return password();
  if (/locale/i.test(attribute)) return 'en-US';
  if (/language/i.test(attribute)) return 'en';
  if (/timezone/i.test(attribute)) return 'America/Los_Angeles';
  if (/country/i.test(attribute)) return 'US';
  return name;
}

export function password(): string {
  return `Lk7!${randomBytes(12).toString('base64url')}`;
}

function isObject(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
