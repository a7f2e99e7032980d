/** A check's conversation with the server: the Trial that it is given, and what it found. */
import type { Exchange, Finding, Manner, Profile, Requirement } from '../model.ts';
import type { Check, Json, JsonObject, Made, RequestOptions, Server, Trial } from '../trial.ts';
import { groupBody, userBody } from './bodies.ts';
import type { Client } from './client.ts';
import type { Keeper } from './keeper.ts';
import type { Names } from './names.ts';
import type { Secrets } from './secrets.ts';

/** Ends a check without a verdict. */
export class Skipped extends Error {}

/** Of one check. */
const MOST_REQUESTS = 300;

export interface Conversation {
  trial: Trial;
  findings: Finding[];
  exchanges: Exchange[];
  /** Ids of the requirements that were looked at. */
  lookedAt: Set<string>;
}

export interface Setting {
  server: Server;
  manner: Manner;
  profile: Profile;
  client: Client;
  keeper: Keeper;
  names: Names;
  secrets: Secrets;
  /** Those of this profile and manner; findings against others do not count. */
  active: ReadonlyMap<string, Requirement>;
}

export function converse(check: Check, setting: Setting): Conversation {
  const { server, manner, profile, client, keeper, names, secrets, active } = setting;
  const findings: Finding[] = [];
  const exchanges: Exchange[] = [];
  const lookedAt = new Set<string>();

  const send = async (method: string, path: string, body?: Json, options: RequestOptions = {}) => {
    const content = body ?? parsed(options.raw);
    // A server whose pages never end must not keep us for ever.
    if (exchanges.length >= MOST_REQUESTS) throw new Error(`it would take more than ${MOST_REQUESTS} requests`);
    const refusal = keeper.mayTouch(method, path, content);
    if (refusal) throw new Error(refusal);
    secrets.learn(content);
    const answered = keeper.expects(method, path, content, check);
    const exchange = await client.send(method, path, body, options);
    answered(exchange);
    exchanges.push(exchange);
    return exchange;
  };
  const last = () => {
    const exchange = exchanges.at(-1);
    if (!exchange) throw new Error('nothing was sent yet');
    return exchange;
  };
  const make = async (endpoint: string, body: JsonObject): Promise<Made> => {
    const exchange = await send('POST', endpoint, body);
    const resource = object(exchange.json);
    needs(
      exchange.status === 201 && typeof resource?.id === 'string' && resource.id !== '',
      `${endpoint} could not be created: ${exchange.error ?? `${exchange.status} ${detail(resource)}`.trim()}`,
    );
    const id = String(resource?.id);
    return { id, path: `${endpoint}/${encodeURIComponent(id)}`, resource: resource ?? {}, exchange };
  };
  const needs: Trial['needs'] = (met, reason) => {
    if (!met) throw new Skipped(reason);
  };

  const trial: Trial = {
    server,
    manner,
    profile,
    send,
    last,
    holds(requirement, met, message, exchange) {
      if (!check.requirements.includes(requirement))
        throw new Error(`the check ${check.id} does not name the requirement ${requirement}`);
      const level = active.get(requirement)?.level;
      if (!level) return met;
      lookedAt.add(requirement);
      if (met) return true;
      const shown = exchange ?? exchanges.at(-1);
      const index = shown ? exchanges.indexOf(shown) : -1;
      const text = secrets.text(typeof message === 'function' ? message() : message);
      findings.push({ requirement, level, message: text, exchange: index < 0 ? null : index });
      return false;
    },
    needs,
    name: (hint) => names.next(hint),
    userBody: (overrides) => userBody(server, names.next('user'), overrides),
    groupBody: (overrides) => groupBody(server, names.next('group'), overrides),
    makeUser: (overrides) => make(endpointOf(server, 'User'), userBody(server, names.next('user'), overrides)),
    makeGroup: async (overrides) => {
      needs(server.hasGroups || server.resourceTypes.length === 0, 'the server has no groups');
      return make(endpointOf(server, 'Group'), groupBody(server, names.next('group'), overrides));
    },
  };
  return { trial, findings, exchanges, lookedAt };
}

/** RFC 7644 section 3.2 names /Users and /Groups; a server may have said otherwise in /ResourceTypes. */
function endpointOf(server: Server, name: 'User' | 'Group'): string {
  const urn = `urn:ietf:params:scim:schemas:core:2.0:${name}`.toLowerCase();
  return server.resourceTypes.find((each) => each.schema.toLowerCase() === urn)?.endpoint ?? `/${name}s`;
}

function detail(resource: JsonObject | null): string {
  return typeof resource?.detail === 'string' ? resource.detail : '';
}

function object(json: unknown): JsonObject | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : null;
}

function parsed(raw: string | undefined): unknown {
  if (raw === undefined) return undefined;
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
