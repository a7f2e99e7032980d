/**
 * Keeps account of what this run made, and removes it. A guest changes and removes nothing else: `mayTouch` says so of every
 * request before it is sent.
 */
import type { Exchange } from '../model.ts';
import type { Client } from './client.ts';
import type { Intent, Journal } from './journal.ts';
import { MARK } from './names.ts';

export interface Keeper {
  /** @returns why a guest does not send this; null: it may. */
  mayTouch(method: string, path: string, body: unknown): string | null;
  /** Before a request is sent. @returns what to call with the answer. */
  expects(method: string, path: string, body: unknown, owner: object): (exchange: Exchange) => void;
  /** Removes what `owner` made. */
  clean(client: Client, owner: object): Promise<void>;
  /** Removes what is left of everybody's, and closes the journal if nothing is. @returns paths that could not be removed, or where what may have been made would be found. */
  cleanAll(client: Client): Promise<string[]>;
}

/** By which a resource can be found again. */
const NAMES = ['userName', 'displayName'];
const WRITES = new Set(['PUT', 'PATCH', 'DELETE']);

export function createKeeper(base: string, journal: Journal): Keeper {
  /** Path to whose it is, in the order of making. */
  const made = new Map<string, object>();
  const everMade = new Set<string>();
  const everIds = new Set<string>();
  /** Seen in answers, and not ours. */
  const foreign = new Set<string>();
  const unclear: { intent: Intent; owner: object; number: number }[] = [];
  let count = 0;

  const note = (path: string, owner: object) => {
    if (everMade.has(path)) return;
    everMade.add(path);
    everIds.add(idOf(path));
    foreign.delete(idOf(path));
    made.set(path, owner);
    journal.made(path);
  };
  const gone = (path: string) => {
    if (made.delete(path)) journal.removed(path);
  };

  const remove = async (client: Client, path: string): Promise<boolean> => {
    const { status } = await client.send('DELETE', path);
    const isGone = (status >= 200 && status < 300) || status === 404 || status === 410;
    if (isGone) gone(path);
    return isGone;
  };
  const find = async (client: Client, of: (owner: object) => boolean) => {
    for (const each of unclear.filter(({ owner }) => of(owner))) {
      const found = await findByName(client, each.intent);
      if (found === null) continue;
      for (const path of found) note(path, each.owner);
      unclear.splice(unclear.indexOf(each), 1);
      journal.answered(each.number);
    }
  };
  const removeAll = async (client: Client, of: (owner: object) => boolean) => {
    await find(client, of);
    // Groups before their members, the last made first.
    for (const [path, owner] of [...made].reverse()) if (of(owner)) await remove(client, path);
  };

  return {
    mayTouch(method, path, body) {
      const refused = refusal(method, path, everMade, foreign);
      if (refused || method !== 'POST' || !/^\/Bulk\b/i.test(path)) return refused;
      const operations = bulkOperations(body);
      return operations.map((each) => refusal(each.method, each.path, everMade, foreign)).find((each) => each) ?? null;
    },
    expects(method, path, body, owner) {
      const wanted = intents(method, path, body).map((intent) => ({ intent, owner, number: ++count }));
      for (const each of wanted) journal.intends(each.number, each.intent);
      return (exchange) => {
        for (const id of idsIn(exchange.json)) if (!everIds.has(id)) foreign.add(id);
        const created = createdBy(method, path, body, exchange, base);
        for (const each of created) note(each, owner);
        if (method === 'DELETE' && exchange.status >= 200 && exchange.status < 300) gone(withoutQuery(path));
        const isClear = exchange.status >= 300 && exchange.status < 500;
        for (const each of wanted) {
          if (isClear || created.length >= wanted.length) journal.answered(each.number);
          else unclear.push(each);
        }
      };
    },
    clean: (client, owner) => removeAll(client, (each) => each === owner),
    async cleanAll(client) {
      await removeAll(client, () => true);
      if (made.size + unclear.length === 0) journal.close();
      return [...made.keys(), ...unclear.map(({ intent }) => byName(intent))];
    },
  };
}

/** Removes what an interrupted run left. @returns how many were removed, and the paths that could not be. */
export async function cleanUp(
  client: Client,
  left: { made: readonly string[]; intents: readonly Intent[] },
): Promise<{ removed: number; leftBehind: string[] }> {
  const found: string[] = [];
  const leftBehind: string[] = [];
  for (const intent of left.intents) {
    const paths = await findByName(client, intent);
    if (paths) found.push(...paths);
    else leftBehind.push(byName(intent));
  }
  let removed = 0;
  for (const path of new Set([...left.made, ...found].reverse())) {
    const { status } = await client.send('DELETE', path);
    if (status >= 200 && status < 300) removed++;
    else if (status !== 404 && status !== 410) leftBehind.push(path);
  }
  return { removed, leftBehind };
}

const byName = ({ endpoint, attribute, name }: Intent) =>
  `${endpoint}?filter=${encodeURIComponent(`${attribute} eq ${JSON.stringify(name)}`)}`;

/** Only under exactly the name that was sent, which nobody else has. @returns null: it cannot be told. */
async function findByName(client: Client, { endpoint, attribute, name }: Intent): Promise<string[] | null> {
  const { status, json } = await client.send('GET', `${byName({ endpoint, attribute, name })}&count=2`);
  const list = json as { Resources?: unknown; totalResults?: unknown } | null | undefined;
  // RFC 7644 section 3.4.2: Resources may be missing where nothing was found.
  const resources = list?.Resources ?? (list?.totalResults === 0 ? [] : null);
  if (status !== 200 || !Array.isArray(resources)) return null;
  const its = resources.filter((each: Record<string, unknown> | null) => {
    const value = each?.[attribute];
    return typeof value === 'string' && value.toLowerCase() === name.toLowerCase();
  });
  // Others in the answer: the filter was ignored, and there may be more than this page.
  if (its.length === 0 && resources.length > 0) return null;
  return its.flatMap(({ id }) => (typeof id === 'string' ? [`${endpoint}/${encodeURIComponent(id)}`] : []));
}

function refusal(method: string, given: string, everMade: Set<string>, foreign: Set<string>): string | null {
  if (!WRITES.has(method)) return null;
  const path = withoutQuery(given);
  const segments = path.split('/').filter((each) => each !== '');
  if (segments.length < 2) return `a guest does not send ${method} ${path}: it could touch what is not its own`;
  if (everMade.has(path)) return null;
  return foreign.has(idOf(path)) ? `a guest does not send ${method} ${path}: it did not make that` : null;
}

function intents(method: string, path: string, body: unknown): Intent[] {
  if (method !== 'POST') return [];
  if (/^\/Bulk\b/i.test(path))
    return bulkOperations(body).flatMap((each) => intents(each.method, each.path, each.data));
  if (/\/\.search\b/.test(path) || typeof body !== 'object' || body === null) return [];
  const named = body as Record<string, unknown>;
  return NAMES.flatMap((attribute) => {
    const key = Object.keys(named).find((each) => each.toLowerCase() === attribute.toLowerCase());
    return key && isOurs(named[key]) ? [{ endpoint: withoutQuery(path), attribute, name: String(named[key]) }] : [];
  }).slice(0, 1);
}

function createdBy(method: string, path: string, body: unknown, exchange: Exchange, base: string): string[] {
  const { status, json } = exchange;
  const answer = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (status < 200 || status >= 300) return [];
  if (method === 'POST' && /^\/Bulk\b/i.test(path)) {
    const asked = new Set(
      bulkOperations(body).flatMap((each) => (each.method === 'POST' ? [withoutQuery(each.path)] : [])),
    );
    return bulkOperations(answer).flatMap((each) => {
      const location = each.method === 'POST' && /^2/.test(String(each.status)) ? each.location : undefined;
      const segments = typeof location === 'string' ? withoutQuery(location).split('/') : [];
      const endpoint = `/${segments.at(-2) ?? ''}`;
      return asked.has(endpoint) ? [`${endpoint}/${segments.at(-1)}`] : [];
    });
  }
  const creates = (method === 'POST' && !/\/\.search\b/.test(path)) || (method === 'PUT' && status === 201);
  if (!creates) return [];
  const endpoint = method === 'PUT' || /^\/Me\b/i.test(path) ? null : withoutQuery(path);
  if (typeof answer.id === 'string' && endpoint) return [`${endpoint}/${encodeURIComponent(answer.id)}`];
  const location = exchange.headers.location ?? (answer.meta as { location?: unknown } | undefined)?.location;
  if (method === 'PUT') return [withoutQuery(path)];
  return typeof location === 'string' && location.startsWith(`${base}/`)
    ? [withoutQuery(location.slice(base.length))]
    : [];
}

interface BulkOperation {
  method: string;
  path: string;
  data?: unknown;
  status?: unknown;
  location?: unknown;
}

function bulkOperations(body: unknown): BulkOperation[] {
  const operations = (body as { Operations?: unknown } | null | undefined)?.Operations;
  if (!Array.isArray(operations)) return [];
  return operations.flatMap((each) =>
    typeof each === 'object' && each !== null
      ? [{ ...each, method: String(each.method ?? '').toUpperCase(), path: String(each.path ?? '') }]
      : [],
  );
}

function idsIn(json: unknown): string[] {
  const resources = (json as { Resources?: unknown } | null | undefined)?.Resources;
  if (!Array.isArray(resources)) return [];
  return resources.flatMap((each) =>
    typeof each?.id === 'string' && !isOurs(each.userName) && !isOurs(each.displayName) ? [each.id] : [],
  );
}

const isOurs = (name: unknown) => typeof name === 'string' && name.toLowerCase().includes(MARK);
const withoutQuery = (path: string) => path.replace(/[?#].*$/s, '').replace(/\/+$/, '');

function idOf(path: string): string {
  const last = path.split('/').at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}
