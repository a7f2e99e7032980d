/** What the checks of the field's clients share: bodies as those clients write them, and looking at what came of them. */
import type { Exchange } from '../model.ts';
import type { Json, JsonObject, Made, Server, Trial } from '../trial.ts';
import { membersOf } from './groups.ts';
import {
  at,
  came,
  current,
  ENTERPRISE,
  GROUP,
  objects,
  patch,
  resources,
  shown,
  succeeded,
  text,
  USER,
} from './reading.ts';
import { endpointOf, hasExtension } from './schemas/samples.ts';

export const users = (server: Server): string => endpointOf(server, USER);
export const groups = (server: Server): string => endpointOf(server, GROUP);

export const noGroups = ({ hasGroups }: Server): string | null => (hasGroups ? null : 'it has no groups');

/** @param paths below the User schema. @returns why a check is not tried. */
export function without(...paths: string[]): (server: Server) => string | null {
  return (server) => {
    const missing = paths.find((each) => !writable(server, each))?.replace(`${ENTERPRISE}:`, '');
    if (missing && isSilent(server))
      return `it publishes no schema of users, which would say that they have ${missing}`;
    return missing ? `its users have no ${missing} that can be written` : null;
  };
}

/** It publishes no schema of users. Clients that never ask for one send the usual attributes all the same. */
export function isSilent({ schemas }: Server): boolean {
  return (schemas.get(USER.toLowerCase())?.attributes.length ?? 0) <= 1;
}

export function writable(server: Server, path: string): boolean {
  if (path === 'active' && isSilent(server)) return true;
  if (path.startsWith(ENTERPRISE) && !hasExtension(server)) return false;
  return ['readWrite', 'writeOnly', 'immutable'].includes(server.attribute('User', path)?.mutability ?? '');
}

/** Single texts that may be changed and left out, as the schemas have them: path and the names that lead to it. Not the
 * display name, which some work out. */
export function freeTexts(server: Server): { path: string; names: string[] }[] {
  return [
    { path: 'title', names: ['title'] },
    { path: 'nickName', names: ['nickName'] },
    { path: `${ENTERPRISE}:department`, names: [ENTERPRISE, 'department'] },
  ].filter(({ path }) => writable(server, path) && !server.attribute('User', path)?.required);
}

/** A PATCH; ends the check where the server has none. @param body more than the operations. */
export async function patched(
  trial: Trial,
  made: Made,
  operations: readonly JsonObject[],
  body: JsonObject = patch(...operations),
): Promise<Exchange> {
  const answer = await trial.send('PATCH', made.path, body);
  trial.needs(answer.status !== 405 && answer.status !== 501, 'it does not do PATCH');
  return answer;
}

/** That a request succeeded and left a value behind. @param expected null: unassigned. */
export async function leaves(
  trial: Trial,
  requirement: string,
  made: Made,
  answer: Exchange,
  what: string,
  names: readonly string[],
  expected: Json,
): Promise<boolean> {
  const value = at(await current(trial, made), ...names);
  const fits = expected === null ? isEmpty(value) : shown(value) === shown(expected);
  const wanted = expected === null ? 'empty' : shown(expected);
  const path = names.join('.');
  return trial.holds(
    requirement,
    succeeded(answer) && fits,
    `${what} should succeed and leave ${path} ${expected === null ? '' : 'as '}${wanted}; got ${came(answer)}, and it is ${shown(value)}`,
    answer,
  );
}

/** The text "" as well: what clients call cleared. A complex value whose parts are all empty is. */
export function isEmpty(json: unknown): boolean {
  if (json === undefined || json === null || json === '') return true;
  return typeof json === 'object' && Object.values(json).every(isEmpty);
}

/** That a filter finds exactly one: ours. @param query without "filter=", encoded. */
export async function finds(
  trial: Trial,
  requirement: string,
  endpoint: string,
  query: string,
  made: Made,
  more = '',
): Promise<Exchange> {
  const answer = await trial.send('GET', `${endpoint}?filter=${query}${more}`);
  const found = resources(answer).map((each) => at(each, 'id'));
  const isIt = answer.status === 200 && found.length === 1 && found[0] === made.id;
  const what = decodeURIComponent(query.replaceAll('+', ' '));
  trial.holds(
    requirement,
    isIt,
    `${what} should be answered with 200 and ${made.id}; got ${came(answer)} and ${shown(found)}`,
  );
  return answer;
}

/** That a group has these members, in any order. */
export async function hasMembers(
  trial: Trial,
  requirement: string,
  group: Made,
  answer: Exchange,
  what: string,
  wanted: readonly string[],
): Promise<boolean> {
  const found = (await membersOf(trial, group)).flatMap((each) => text(at(each, 'value')) ?? []);
  const same = found.length === wanted.length && wanted.every((each) => found.includes(each));
  const people = (ids: readonly string[]) => (ids.length === 0 ? 'nobody' : ids.join(', '));
  return trial.holds(
    requirement,
    succeeded(answer) && same,
    `${what} should succeed and leave ${people(wanted)} in the group; got ${came(answer)}, and in it is ${people(found)}`,
    answer,
  );
}

/** A group with new users in it. */
export async function groupOf(
  trial: Trial,
  count: number,
  overrides: JsonObject = {},
): Promise<{ group: Made; ids: string[] }> {
  const ids: string[] = [];
  for (let number = 0; number < count; number++) ids.push((await trial.makeUser()).id);
  const group = await trial.makeGroup({ members: ids.map((value) => ({ value })), ...overrides });
  const there = objects(await membersOf(trial, group));
  trial.needs(there.length === count, `a group of ${count} cannot be made: it has ${there.length} members`);
  return { group, ids };
}

/** Of somebody who was just sent: the answer of a POST as what `trial.makeUser` gives. Ends the check where it failed. */
export function madeBy(trial: Trial, endpoint: string, exchange: Exchange): Made {
  const id = text(at(exchange.json, 'id'));
  trial.needs(succeeded(exchange) && id !== null, `it could not be created: ${came(exchange)}`);
  const resource = exchange.json as JsonObject;
  return { id, path: `${endpoint}/${encodeURIComponent(id)}`, resource, exchange };
}
