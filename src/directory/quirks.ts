/**
 * The quirk ledger: how often, since when and where last the clients of a tenant did something otherwise than the RFCs
 * ask (scim/quirks.ts). Counted in memory and written each second, so that a request never waits for it; what cannot be
 * written is kept and tried again. Several processes add to the same rows. A process that is killed loses its last second.
 */
import { sql } from 'kysely';
import { type Note, QUIRKS, type QuirkRule } from '../scim/quirks.ts';
import type { Store } from '../store/store.ts';
import type { Millis } from '../store/tables.ts';

/** The request in which something was noted. */
export interface NotedRequest {
  method: string;
  /** Resource type; null: of none, or of several. */
  type: string | null;
}

/** Whose request it was. */
export interface NotedClient {
  tenant: string;
  /** Product name from its User-Agent. */
  client?: string | undefined;
}

/** Where it was seen. Names and paths only, never a value. */
export interface QuirkExample extends NotedRequest {
  path: string;
  client: string | null;
}

/** Told of what a request's message had; refused requests included. */
export type OnNotes = (client: NotedClient, request: NotedRequest, notes: readonly Note[]) => void;

export interface CountedQuirk {
  rule: string;
  /** Requests in which it occurred, refused ones included; how often in one does not matter. */
  count: number;
  firstAt: Millis;
  lastAt: Millis;
  /** The last one. */
  example: QuirkExample;
  /** What the client does, and what to do about it: for people. */
  does: string;
  advice: string;
}

export interface QuirkLedger {
  /** Counts each rule once. Only memory: it neither waits nor fails. */
  readonly record: OnNotes;
  /** Writes what has been counted so far. @throws where it cannot; nothing is lost then. */
  flush(): Promise<void>;
  /** Writes the rest. What cannot be written now is lost. */
  close(): Promise<void>;
}

export interface QuirkLedgerOptions {
  flushMs?: number;
  /** Told when writing begins to fail, not each time it does. */
  onError?: ((error: unknown) => void) | undefined;
}

/** What has been counted and not yet written. Times are of this process's monotonic clock. */
interface Tally {
  tenant: string;
  rule: QuirkRule;
  count: number;
  first: number;
  last: number;
  example: QuirkExample;
}

/** Tenants times rules is the bound; this one holds where a store that is away meets very many tenants. */
const MAX_TALLIES = 50_000;
/** Rows in one statement, below both stores' limit of parameters. */
const CHUNK = 1_000;

export function createQuirkLedger(store: Store, { flushMs = 1_000, onError }: QuirkLedgerOptions = {}): QuirkLedger {
  let tallies = new Map<string, Tally>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let failing = false;

  const schedule = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush().catch(() => {});
    }, flushMs).unref();
  };

  const add = (tally: Tally) => {
    const key = `${tally.tenant} ${tally.rule}`;
    const known = tallies.get(key);
    if (!known && tallies.size >= MAX_TALLIES) return;
    tallies.set(key, known ? merged(known, tally) : tally);
  };

  const flushOnce = async () => {
    if (tallies.size === 0) return;
    const taken = tallies;
    tallies = new Map();
    try {
      await writeTallies(store, [...taken.values()]);
      failing = false;
    } catch (error) {
      for (const tally of taken.values()) add(tally);
      schedule();
      if (!failing) onError?.(error);
      failing = true;
      throw error;
    }
  };

  /** One at a time, in turn. */
  const flush = () => {
    flushing = flushing.catch(() => {}).then(flushOnce);
    return flushing;
  };

  return {
    record({ tenant, client }, { method, type }, notes) {
      const at = performance.now();
      const seen = new Set<QuirkRule>();
      for (const { rule, path } of notes) {
        if (seen.has(rule)) continue;
        seen.add(rule);
        add({ tenant, rule, count: 1, first: at, last: at, example: { method, type, path, client: client ?? null } });
      }
      if (seen.size > 0) schedule();
    },
    flush,
    async close() {
      await flush().catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** What is known of a tenant's clients, the last seen first. */
export async function listQuirks(store: Store, tenant: string): Promise<CountedQuirk[]> {
  const rows = await store.read
    .selectFrom('quirks')
    .selectAll()
    .where('tenant', '=', tenant)
    .orderBy('last_at', 'desc')
    .orderBy('rule')
    .execute();
  return rows.map(({ rule, count, first_at, last_at, example }) => ({
    rule,
    count,
    firstAt: first_at,
    lastAt: last_at,
    example: JSON.parse(example) as QuirkExample,
    ...meaningOf(rule),
  }));
}

function meaningOf(rule: string): { does: string; advice: string } {
  const known: Readonly<Record<string, { does: string; advice: string }>> = QUIRKS;
  return known[rule] ?? { does: 'Noted by another version of Linkspan.', advice: 'That version explains it.' };
}

function merged(a: Tally, b: Tally): Tally {
  const later = a.last > b.last ? a : b;
  return { ...later, count: a.count + b.count, first: Math.min(a.first, b.first) };
}

async function writeTallies(store: Store, tallies: readonly Tally[]): Promise<void> {
  // The clock that all processes share says what time it is; how long ago something was, this process knows.
  const [now, here] = [await store.now(), performance.now()];
  const instant = (then: number): Millis => now - Math.round(here - then);
  // In the order of the key, so that processes do not wait for each other in a circle.
  const rows = tallies
    .map(({ tenant, rule, count, first, last, example }) => ({
      tenant,
      rule,
      count,
      first_at: instant(first),
      last_at: instant(last),
      example: JSON.stringify(example),
    }))
    .toSorted((a, b) => (`${a.tenant} ${a.rule}` < `${b.tenant} ${b.rule}` ? -1 : 1));
  await store.write(async (trx) => {
    for (let from = 0; from < rows.length; from += CHUNK) {
      await trx
        .insertInto('quirks')
        .values(rows.slice(from, from + CHUNK))
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'rule']).doUpdateSet({
            count: sql`quirks.count + excluded.count`,
            first_at: sql`case when excluded.first_at < quirks.first_at then excluded.first_at else quirks.first_at end`,
            last_at: sql`case when excluded.last_at > quirks.last_at then excluded.last_at else quirks.last_at end`,
            example: sql`case when excluded.last_at >= quirks.last_at then excluded.example else quirks.example end`,
          }),
        )
        .execute();
    }
  });
}
