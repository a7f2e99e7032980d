/** How checks read answers: names without case, nothing taken for granted. */
import type { Exchange } from '../model.ts';
import type { Json, JsonObject, Made, Trial } from '../trial.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export function object(json: unknown): JsonObject | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : null;
}

/** The objects in an array; of anything else none. */
export function objects(json: unknown): JsonObject[] {
  return Array.isArray(json) ? json.map(object).filter((each) => each !== null) : [];
}

/** Of a list answer. */
export function resources(exchange: Exchange): JsonObject[] {
  return objects(object(exchange.json)?.Resources);
}

/** What a path leads to. Names are compared without case (RFC 7643 section 2.1). @param names each one name or URN. */
export function at(json: unknown, ...names: string[]): Json | undefined {
  let found: Json | undefined = json as Json | undefined;
  for (const name of names) {
    const inner = object(found);
    const key = inner && Object.keys(inner).find((each) => each.toLowerCase() === name.toLowerCase());
    found = inner && key !== null && key !== undefined ? inner[key] : undefined;
  }
  return found;
}

/** Absent, null and the empty array are one state (RFC 7643 section 2.5). */
export function unassigned(json: unknown): boolean {
  return json === undefined || json === null || (Array.isArray(json) && json.length === 0);
}

export function text(json: unknown): string | null {
  return typeof json === 'string' && json !== '' ? json : null;
}

export function strings(json: unknown): string[] {
  return Array.isArray(json) ? json.filter((each) => typeof each === 'string') : [];
}

/** For messages. */
export function shown(json: unknown): string {
  if (json === undefined) return 'nothing';
  const written = JSON.stringify(json);
  return written.length > 120 ? `${written.slice(0, 117)}...` : written;
}

/** Status and, where there is one, the error's detail: for messages. */
export function came({ status, json, error }: Exchange): string {
  if (status === 0) return `no answer (${error ?? 'unknown'})`;
  const detail = text(at(json, 'detail'));
  return detail && status >= 400 ? `${status}, ${shown(detail)}` : String(status);
}

export function refused({ status }: Exchange): boolean {
  return status >= 400 && status < 500 && status !== 429;
}

export function succeeded({ status }: Exchange): boolean {
  return status >= 200 && status < 300;
}

/** In a query: `filter=...` with everything escaped, spaces as %20. */
export function filtered(filter: string): string {
  return `filter=${encodeURIComponent(filter)}`;
}

export function quoted(value: string): string {
  return JSON.stringify(value);
}

export function patch(...operations: JsonObject[]): JsonObject {
  return { schemas: [PATCH_OP], Operations: operations };
}

/** What a POST sent, for a PUT of the same with something changed. */
export function sent(made: Made): JsonObject {
  return object(JSON.parse(made.exchange.requestBody ?? '{}')) ?? {};
}

/** A PUT of what was sent when it was made, with something changed. Ends the check where the server does not do PUT. */
export async function replace(trial: Trial, made: Made, changes: JsonObject): Promise<Exchange> {
  const answer = await trial.send('PUT', made.path, { ...sent(made), ...changes });
  trial.needs(answer.status !== 405 && answer.status !== 501, 'it does not do PUT');
  return answer;
}

/** As it is now. Ends the check where it cannot be read. */
export async function current(trial: Trial, { path }: Made, query = ''): Promise<JsonObject> {
  const answer = await trial.send('GET', `${path}${query}`);
  const resource = object(answer.json);
  trial.needs(answer.status === 200 && resource !== null, `what was made cannot be read: ${came(answer)}`);
  return resource;
}

/** In the order in which the server lists them. */
export function memberIds(group: unknown): string[] {
  return objects(at(group, 'members')).flatMap((each) => text(at(each, 'value')) ?? []);
}

/** Letters in the other case, to see whether it matters. */
export function otherCase(value: string): string {
  return [...value].map((each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join('');
}
