/**
 * What SQLite and PostgreSQL write differently, as Kysely fragments: the one file that knows the two apart in SQL text.
 *
 * Every name and value is bound or quoted, so a path may hold anything that a JSON key may. It owns no decision about
 * meaning: case folding, instants and what a filter means are settled in TypeScript before a value is stored.
 *
 * The JSON fragments are for `resources.search`, whose leaves are all text. On PostgreSQL they compare by code point, as
 * SQLite does by itself.
 */
import { type Expression, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import { writeStatistics } from './sqlite-statistics.ts';
import type { Database, Millis } from './tables.ts';

/** Keys from the outside in, e.g. `['name', 'familyName']`; a URN is one key. Never empty. */
export type JsonPath = readonly [string, ...string[]];

/** The elements of one JSON array, for use inside `some`. */
export interface JsonElements {
  /** The element itself where it is text, else null. */
  text: RawBuilder<string | null>;
  /** The text at a path inside the element, or null. */
  sub(path: JsonPath): RawBuilder<string | null>;
  /** Whether at least one element meets the condition; false where there is no array. */
  some(condition: Expression<SqlBool>): RawBuilder<SqlBool>;
  /** `text` of the first element that meets the condition, else of the first one; null where there is no array. */
  first(text: RawBuilder<string | null>, preferred: Expression<SqlBool>): RawBuilder<string | null>;
}

export interface Dialect {
  readonly kind: 'sqlite' | 'postgres';

  /** The clock that all processes on the database share. */
  now(): RawBuilder<Millis>;
  /** Ends a SELECT (`modifyEnd`): locks its rows until the transaction ends. Empty where there is one writer anyway. */
  readonly forUpdate: RawBuilder<unknown>;
  /** As `forUpdate`, leaving out the rows that somebody else has locked. */
  readonly forUpdateSkipLocked: RawBuilder<unknown>;

  /** Whether `value` is one of `values`: one statement text and one parameter, however many there are. */
  oneOf(value: Expression<unknown>, values: readonly string[]): RawBuilder<SqlBool>;
  /** Makes a computed text compare by code point, as columns do. */
  bytewise(text: RawBuilder<string | null>): RawBuilder<string | null>;
  /** Keeps the planner from joining what the condition looks into: a hundred joins are planned for minutes. */
  apart(condition: RawBuilder<SqlBool>): RawBuilder<SqlBool>;
  contains(text: Expression<unknown>, needle: string): RawBuilder<SqlBool>;
  startsWith(text: Expression<unknown>, prefix: string): RawBuilder<SqlBool>;
  endsWith(text: Expression<unknown>, suffix: string): RawBuilder<SqlBool>;

  /** JSON text as it is stored in a JSONB column. */
  jsonb(json: string): RawBuilder<unknown>;
  /** A JSONB column as JSON text. Key order and spaces differ between stores. */
  jsonbText(column: Expression<unknown>): RawBuilder<string>;
  /** The text at `path`, or null. What it gives for an array or an object is not defined. */
  jsonText(column: Expression<unknown>, path: JsonPath): RawBuilder<string | null>;
  /** Whether there is anything at `path`. */
  jsonExists(column: Expression<unknown>, path: JsonPath): RawBuilder<SqlBool>;
  /** The elements of the array at `path`. `alias` names them in the SQL and must differ from those around it. */
  jsonElements(column: Expression<unknown>, path: JsonPath, alias: string): JsonElements;

  /** What migrations need. */
  readonly ddl: Ddl;
}

export interface Ddl {
  readonly text: RawBuilder<string>;
  readonly integer: RawBuilder<number>;
  readonly jsonb: RawBuilder<unknown>;
  /** `seq`: numbers rows as they are inserted and never gives out a number twice. */
  readonly sequence: RawBuilder<number>;
  /** Whether `sequence` is the primary key by itself; else (tenant, seq) is, which PostgreSQL can partition by. */
  readonly sequenceIsKey: boolean;
  /** Ends CREATE TABLE. */
  readonly table: RawBuilder<unknown>;
  /** Ends CREATE TABLE for narrow rows that are read by ranges of their primary key. */
  readonly clusteredTable: RawBuilder<unknown>;
  /** 1 or 0. */
  tableExists(name: string): RawBuilder<number>;
  /** Begins a transaction that migrates: the others wait for it, for as long as it takes. */
  readonly lock: readonly RawBuilder<unknown>[];
  /** Ends it: tells the planner about tables and indexes that are new, where it does not find out by itself. */
  describe(db: Kysely<Database>): Promise<void>;
}

const nothing = sql``;

/**
 * As a range, which an index can serve. UTF-8 sorts by code point, so what starts with `ab` lies from `ab` to before `ac`.
 */
function startsWith(text: Expression<unknown>, prefix: string): RawBuilder<SqlBool> {
  const end = after(prefix);
  return end === null ? sql`${text} >= ${prefix}` : sql`(${text} >= ${prefix} and ${text} < ${end})`;
}

/** The first text by code point that is greater than all that start with `prefix`; null if there is none. */
function after(prefix: string): string | null {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) ?? 0;
    // Surrogates are no characters: U+E000 follows U+D7FF.
    if (point < 0x10ffff) return points.join('') + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return null;
}

/** SQLite's notation, each key quoted: `$."name"."familyName"`. */
function sqlitePath(path: JsonPath): string {
  return `$${path.map((key) => `."${key.replace(/["\\]/g, '\\$&')}"`).join('')}`;
}

/** `clock` stands in for the database's own, as all processes on a SQLite file share the machine's. */
export function sqliteDialect(clock: () => Millis): Dialect {
  return {
    kind: 'sqlite',
    now: () => sql`${clock()}`,
    forUpdate: nothing,
    forUpdateSkipLocked: nothing,

    oneOf: (value, values) => sql`${value} in (select value from json_each(${JSON.stringify(values)}))`,
    bytewise: (text) => text,
    apart: (condition) => condition,
    contains: (text, needle) => sql`instr(${text}, ${needle}) > 0`,
    startsWith,
    // substr(x, -0) would be all of x.
    endsWith: (text, suffix) =>
      suffix === '' ? sql`${text} is not null` : sql`substr(${text}, -length(${suffix})) = ${suffix}`,

    jsonb: (json) => sql`jsonb(${json})`,
    jsonbText: (column) => sql`json(${column})`,
    jsonText: (column, path) => sql`(${column} ->> ${sqlitePath(path)})`,
    jsonExists: (column, path) => sql`json_type(${column}, ${sqlitePath(path)}) is not null`,
    jsonElements(column, path, alias) {
      const value = sql.ref(`${alias}.value`);
      return {
        text: sql`case typeof(${value}) when 'text' then ${value} end`,
        sub: (path) => sql`case typeof(${value}) when 'blob' then ${value} ->> ${sqlitePath(path)} end`,
        // jsonb_each walks objects too, whose keys are text. It takes two thirds of json_each's time.
        some: (condition) => sql`exists (select 1 from jsonb_each(${column}, ${sqlitePath(path)}) as ${sql.id(alias)}
          where typeof(${sql.ref(`${alias}.key`)}) = 'integer' and ${condition})`,
        first: (
          text,
          preferred,
        ) => sql`(select ${text} from jsonb_each(${column}, ${sqlitePath(path)}) as ${sql.id(alias)}
          where typeof(${sql.ref(`${alias}.key`)}) = 'integer'
          order by coalesce(${preferred}, 0) desc, ${sql.ref(`${alias}.key`)} limit 1)`,
      };
    },

    ddl: {
      text: sql`text`,
      integer: sql`integer`,
      jsonb: sql`blob`,
      sequence: sql`integer primary key autoincrement`,
      sequenceIsKey: true,
      // Strict: a value of the wrong type is refused, as PostgreSQL does.
      table: sql`strict`,
      clusteredTable: sql`strict, without rowid`,
      tableExists: (name) => sql`(select count(*) from sqlite_master where type = 'table' and name = ${name})`,
      lock: [],
      describe: writeStatistics,
    },
  };
}

/** Any number that nobody else uses for an advisory lock: `linkspan` in ASCII, shortened. */
const MIGRATION_LOCK = 0x6c696e6b73;

export function postgresDialect(): Dialect {
  const bytewise = (text: RawBuilder<unknown>) => sql<string | null>`(${text} collate "C")`;
  const at = (json: Expression<unknown>, path: readonly string[]) =>
    path.reduce((inner, key) => sql`${inner} -> ${key}::text`, json);
  const textAt = (json: Expression<unknown>, path: JsonPath) =>
    bytewise(sql`(${at(json, path.slice(0, -1))} ->> ${path.at(-1)}::text)`);

  return {
    kind: 'postgres',
    now: () => sql`floor(extract(epoch from clock_timestamp()) * 1000)::bigint`,
    forUpdate: sql`for update`,
    forUpdateSkipLocked: sql`for update skip locked`,

    oneOf: (value, values) => sql`${value} = any(${sql.val(values)}::text[])`,
    bytewise,
    apart: (condition) => sql`(${condition}) is true`,
    contains: (text, needle) => sql`strpos(${text}, ${needle}) > 0`,
    startsWith,
    endsWith: (text, suffix) => sql`right(${text}, length(${suffix}::text)) = ${suffix}`,

    jsonb: (json) => sql`${json}::jsonb`,
    jsonbText: (column) => sql`${column}::text`,
    jsonText: textAt,
    jsonExists: (column, path) => sql`(${at(column, path)}) is not null`,
    jsonElements(column, path, alias) {
      const value = sql.ref(`${alias}.value`);
      const array = at(column, path);
      return {
        text: bytewise(sql`case jsonb_typeof(${value}) when 'string' then ${value} #>> '{}' end`),
        sub: (path) => textAt(value, path),
        // jsonb_array_elements fails on what is not an array, and gives nothing for null.
        some: (condition) => sql`(exists (select 1 from jsonb_array_elements(
          case jsonb_typeof(${array}) when 'array' then ${array} end) as ${sql.id(alias)} where ${condition})) is true`,
        first: (text, preferred) =>
          bytewise(sql`(select ${text} from jsonb_array_elements(
          case jsonb_typeof(${array}) when 'array' then ${array} end) with ordinality as ${sql.id(alias)}(value, place)
          order by coalesce(${preferred}, false) desc, ${sql.ref(`${alias}.place`)} limit 1)`),
      };
    },

    ddl: {
      text: sql`text collate "C"`,
      integer: sql`bigint`,
      jsonb: sql`jsonb`,
      sequence: sql`bigint generated always as identity`,
      sequenceIsKey: false,
      table: nothing,
      clusteredTable: nothing,
      tableExists: (name) => sql`(to_regclass(${name}) is not null)::int`,
      lock: [sql`set local statement_timeout = 0`, sql`select pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`],
      describe: async () => {},
    },
  };
}
