/**
 * Where the sandboxes keep what they hold: one SQLite file (or memory), written through, read from memory. It knows records,
 * the call log and a few remembered values, and nothing of what they mean.
 */
import Database from 'better-sqlite3';
import type { Collection, SandboxRecord, SandboxSystem } from './sandbox.ts';

/** One logged call. No query, no headers, no body: nothing secret. */
export interface SandboxCall {
  number: number;
  /** RFC 3339, UTC. */
  time: string;
  system: SandboxSystem | null;
  method: string;
  path: string;
  /** The path as the system's document writes it; null for a path that it does not have. */
  template: string | null;
  /** null: no answer was given. */
  status: number | null;
  fault: string | null;
}

export interface SandboxStore {
  collection(system: string, name: string): Collection;
  /** Deletes every record that `keeps` does not keep, and every logged call. Call numbers go on. */
  clear(keeps: (system: string, name: string) => boolean): void;
  log(call: Omit<SandboxCall, 'number'>): void;
  callsAfter(number: number): SandboxCall[];
  /** How often each `METHOD template` was called since the last reset. */
  callCounts(): Record<string, number>;
  recall(name: string): unknown;
  remember(name: string, value: unknown): void;
  close(): void;
}

/** The log is cut to this many calls; the counts are not. */
const CALLS_KEPT = 100_000;

export function openSandboxStore(file?: string): SandboxStore {
  const db = new Database(file ?? ':memory:');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(`
    create table if not exists records (
      seq integer primary key, system text not null, collection text not null, id text not null, body text not null,
      unique (system, collection, id));
    create table if not exists calls (
      number integer primary key autoincrement, time text not null, system text, method text not null, path text not null,
      template text, status integer, fault text);
    create table if not exists counts (call text primary key, n integer not null);
    create table if not exists settings (name text primary key, value text not null);
  `);
  const upsert = db.prepare(
    'insert into records (system, collection, id, body) values (?, ?, ?, ?) on conflict do update set body = excluded.body',
  );
  const remove = db.prepare('delete from records where system = ? and collection = ? and id = ?');
  const insertCall = db.prepare(
    `insert into calls (time, system, method, path, template, status, fault)
     values (@time, @system, @method, @path, @template, @status, @fault)`,
  );
  const count = db.prepare('insert into counts values (?, 1) on conflict do update set n = n + 1');
  const cutCalls = db.prepare('delete from calls where number <= ?');
  const collections = new Map<string, MemoryCollection>();

  function collection(system: string, name: string): MemoryCollection {
    const key = `${system}/${name}`;
    const known = collections.get(key);
    if (known) return known;
    const rows = db.prepare('select id, body from records where system = ? and collection = ? order by seq');
    const made = new MemoryCollection(
      (rows.all(system, name) as { id: string; body: string }[]).map(({ id, body }) => [id, JSON.parse(body)]),
      (id, record) => {
        if (record) upsert.run(system, name, id, JSON.stringify(record));
        else remove.run(system, name, id);
      },
    );
    collections.set(key, made);
    return made;
  }

  return {
    collection,
    clear(keeps) {
      const stored = db.prepare('select distinct system, collection from records').all();
      for (const { system, collection: name } of stored as { system: string; collection: string }[]) {
        if (!keeps(system, name)) collection(system, name).clear();
      }
      db.exec('delete from calls; delete from counts');
    },
    log(call) {
      const { lastInsertRowid } = insertCall.run(call);
      count.run(`${call.method} ${call.template ?? call.path}`);
      if (Number(lastInsertRowid) % 1_000 === 0) cutCalls.run(Number(lastInsertRowid) - CALLS_KEPT);
    },
    callsAfter: (number) =>
      db.prepare('select * from calls where number > ? order by number').all(number) as SandboxCall[],
    callCounts() {
      const rows = db.prepare('select call, n from counts order by call').all() as { call: string; n: number }[];
      return Object.fromEntries(rows.map(({ call, n }) => [call, n]));
    },
    recall(name) {
      const row = db.prepare('select value from settings where name = ?').get(name) as { value: string } | undefined;
      return row && JSON.parse(row.value);
    },
    remember(name, value) {
      db.prepare('insert or replace into settings values (?, ?)').run(name, JSON.stringify(value));
    },
    close: () => db.close(),
  };
}

type Write = (id: string, record: SandboxRecord | null) => void;

class MemoryCollection implements Collection {
  readonly #records: Map<string, SandboxRecord>;
  readonly #write: Write;
  /** field -> folded value -> ids; made when a field is first asked for. */
  readonly #indexes = new Map<string, Map<string, Set<string>>>();

  constructor(records: [string, SandboxRecord][], write: Write) {
    this.#records = new Map(records);
    this.#write = write;
  }

  get(id: string): SandboxRecord | undefined {
    return this.#records.get(id);
  }

  all(): SandboxRecord[] {
    return [...this.#records.values()];
  }

  where(field: string, value: string): SandboxRecord[] {
    let index = this.#indexes.get(field);
    if (!index) {
      index = new Map();
      this.#indexes.set(field, index);
      for (const [id, record] of this.#records) add(index, fold(record[field]), id);
    }
    const ids = [...(index.get(fold(value)) ?? [])];
    return ids.map((id) => this.#records.get(id)).filter((record) => record !== undefined);
  }

  put(id: string, record: SandboxRecord): void {
    this.#write(id, record);
    this.#unindex(id);
    this.#records.set(id, record);
    for (const [field, index] of this.#indexes) add(index, fold(record[field]), id);
  }

  delete(id: string): boolean {
    this.#write(id, null);
    this.#unindex(id);
    return this.#records.delete(id);
  }

  clear(): void {
    for (const id of [...this.#records.keys()]) this.delete(id);
  }

  #unindex(id: string): void {
    const before = this.#records.get(id);
    if (before) for (const [field, index] of this.#indexes) index.get(fold(before[field]))?.delete(id);
  }
}

const fold = (value: unknown): string => String(value ?? '').toLowerCase();

function add(index: Map<string, Set<string>>, value: string, id: string): void {
  const ids = index.get(value) ?? new Set();
  index.set(value, ids.add(id));
}
