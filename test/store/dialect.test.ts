import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import { expect, it } from 'vitest';
import type { JsonPath } from '../../src/store/dialect.ts';
import type { Store } from '../../src/store/store.ts';
import { describeStores } from '../stores.ts';
import { lookup, resource } from './rows.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const search = sql.ref<unknown>('resources.search');

const jane = {
  userName: 'jane',
  active: 'true',
  nothing: '',
  name: { familyName: "O'Neil", 'given"Name': 'quoted', 'back\\slash': 'slashed', "apos'trophe": 'yes', '': 'no key' },
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User', ENTERPRISE],
  emails: [
    { value: 'jane@example.com', type: 'work', primary: 'true', $ref: 'https://example.com/a?b=1' },
    { value: 'jane@example.org', type: 'home' },
    { type: 'other' },
  ],
  [ENTERPRISE]: {
    department: 'Ünïcode 😀',
    manager: { value: 'm1', $ref: '../Users/m1' },
    'a.b': 'dot',
    'a[0]': 'index',
  },
  empty: [],
  100: 'digits',
};

describeStores('dialect', (open) => {
  /** What an expression over the one resource `jane` gives. */
  async function given<T>(store: Store, expression: RawBuilder<T>): Promise<T> {
    await store.write((trx) => trx.insertInto('resources').values(resource(store, jane)).execute());
    const row = await store.read.selectFrom('resources').select(expression.as('value')).executeTakeFirstOrThrow();
    return row.value as T;
  }

  /** Whether the one resource is found. SQLite has 1 where PostgreSQL has true, so conditions are tried as conditions. */
  async function holds(store: Store, condition: Expression<SqlBool>): Promise<boolean> {
    await store.write((trx) => trx.insertInto('resources').values(resource(store, jane)).execute());
    return (await store.read.selectFrom('resources').select('id').where(condition).execute()).length > 0;
  }

  it.each<[JsonPath, string | null]>([
    [['userName'], 'jane'],
    [['nothing'], ''],
    [['name', 'familyName'], "O'Neil"],
    [['name', 'given"Name'], 'quoted'],
    [['name', 'back\\slash'], 'slashed'],
    [['name', "apos'trophe"], 'yes'],
    [['name', ''], 'no key'],
    [[ENTERPRISE, 'department'], 'Ünïcode 😀'],
    [[ENTERPRISE, 'manager', '$ref'], '../Users/m1'],
    [[ENTERPRISE, 'a.b'], 'dot'],
    [[ENTERPRISE, 'a[0]'], 'index'],
    [['100'], 'digits'],
    [['missing'], null],
    [['missing', 'deeper'], null],
    [['userName', 'deeper'], null],
    [['emails', '0'], null],
    [['emails', 'value'], null],
    [["x' or 1=1 --"], null],
    [['"$', '$."userName"'], null],
  ])('finds the text at %j, and that it exists', async (path, text) => {
    const store = await open();
    expect(await given(store, store.dialect.jsonText(search, path))).toBe(text);
    expect(await holds(store, store.dialect.jsonExists(search, path))).toBe(text !== null);
  });

  it('finds that lists and objects exist', async () => {
    const store = await open();
    for (const path of [['name'], ['emails'], ['empty'], [ENTERPRISE], [ENTERPRISE, 'manager']] as JsonPath[])
      expect(await holds(store, store.dialect.jsonExists(search, path)), path.join()).toBe(true);
  });

  it('looks into the elements of a list', async () => {
    const store = await open();
    const { dialect } = store;
    const emails = dialect.jsonElements(search, ['emails'], 'e');
    const sub = (name: string) => emails.sub([name]);
    const cases: [RawBuilder<SqlBool>, boolean][] = [
      [emails.some(sql`${sub('value')} = 'jane@example.org'`), true],
      [emails.some(sql`${sub('value')} = 'jane@example.net'`), false],
      [emails.some(sql`${sub('type')} = 'work' and ${sub('value')} = 'jane@example.com'`), true],
      [emails.some(sql`${sub('type')} = 'home' and ${sub('value')} = 'jane@example.com'`), false],
      [emails.some(sql`${sub('$ref')} = 'https://example.com/a?b=1'`), true],
      [emails.some(sql`${sub('value')} is null`), true],
      [emails.some(sql`${sub('type')} is null`), false],
      [emails.some(dialect.contains(sub('value'), 'example.o')), true],
      [emails.some(sql`${sub('value')} > 'jane@example.n' and ${sub('value')} < 'jane@example.o'`), false],
      [emails.some(sql`${emails.text} is not null`), false],
    ];
    for (const [n, [condition, found]] of cases.entries())
      expect(await holds(store, condition), `case ${n}`).toBe(found);
  });

  it('looks into a list of texts', async () => {
    const store = await open();
    const { text, sub, some } = store.dialect.jsonElements(search, ['schemas'], 'e');
    expect(await holds(store, some(sql`${text} = ${ENTERPRISE}`))).toBe(true);
    expect(await holds(store, some(sql`${text} = 'urn:other'`))).toBe(false);
    expect(await holds(store, some(sql`${sub(['value'])} is not null`))).toBe(false);
  });

  it('finds no elements where there is no list', async () => {
    const store = await open();
    for (const path of [['missing'], ['missing', 'x'], ['empty'], ['userName'], ['name']] as JsonPath[]) {
      const elements = store.dialect.jsonElements(search, path, 'e');
      expect(await holds(store, elements.some(sql`1 = 1`)), path.join()).toBe(false);
    }
  });

  it.each<[string, { contains?: boolean; startsWith?: boolean; endsWith?: boolean }]>([
    ['', { contains: true, startsWith: true, endsWith: true }],
    ['Ün', { contains: true, startsWith: true }],
    ['ïcode', { contains: true }],
    ['😀', { contains: true, endsWith: true }],
    ['Ünïcode 😀', { contains: true, startsWith: true, endsWith: true }],
    ['Ünïcode 😀!', {}],
    ['ünïcode', {}],
    ['U', {}],
    ['%', {}],
    ['_nïcode', {}],
    ["' or '1'='1", {}],
  ])('compares a part of a text with %j', async (part, expected) => {
    const store = await open();
    const { dialect } = store;
    const text = dialect.jsonText(search, [ENTERPRISE, 'department']);
    for (const name of ['contains', 'startsWith', 'endsWith'] as const) {
      expect(await holds(store, dialect[name](text, part)), name).toBe(expected[name] ?? false);
      const missing = dialect.jsonText(search, ['missing']);
      expect(await holds(store, dialect[name](missing, part)), `${name} of nothing`).toBe(false);
    }
  });

  it.each(['a\u{10ffff}', '\u{10ffff}', '\ud7ff', '\uffff', '😀'])('finds what starts with %j', async (prefix) => {
    const store = await open();
    const texts = [prefix, `${prefix}x`, `${prefix}\u{10ffff}`, 'a', 'b', '\ue000', '\u{10000}', '😁'];
    await store.write((trx) =>
      trx
        .insertInto('lookups')
        .values(texts.map((text) => lookup(text, text)))
        .execute(),
    );
    const found = store.read.selectFrom('lookups').select('value').orderBy('value');
    const rows = await found.where(store.dialect.startsWith(sql.ref('value'), prefix)).execute();
    expect(rows.map(({ value }) => value)).toEqual([prefix, `${prefix}x`, `${prefix}\u{10ffff}`]);
  });

  it('compares JSON text by code point', async () => {
    const store = await open();
    const names = ['Z', 'a', 'a-b', 'aB', 'ab', 'é', '\uffee', '😀'];
    const rows = names.toReversed().map((name) => resource(store, { name, all: [name] }));
    await store.write((trx) => trx.insertInto('resources').values(rows).execute());

    const name = store.dialect.jsonText(search, ['name']);
    const sorted = await store.read.selectFrom('resources').select(name.as('name')).orderBy(name).execute();
    expect(sorted.map((row) => row.name)).toEqual(names);

    const { text, some } = store.dialect.jsonElements(search, ['all'], 'e');
    const later = store.read.selectFrom('resources').select(name.as('name')).orderBy(name);
    expect(await later.where(some(sql`${text} > 'é'`)).execute()).toEqual([{ name: '\uffee' }, { name: '😀' }]);
  });

  it('picks out of a list of any length', async () => {
    const store = await open();
    const values = ['a', 'b"', 'c,d', '{e}', "f'", 'NULL'];
    await store.write((trx) =>
      trx
        .insertInto('lookups')
        .values(values.map((value) => lookup(value, value)))
        .execute(),
    );
    const found = async (wanted: string[]) => {
      const query = store.read.selectFrom('lookups').select('value').orderBy('value');
      return (await query.where(store.dialect.oneOf(sql.ref('value'), wanted)).execute()).map(({ value }) => value);
    };
    expect(await found(values)).toEqual(values.toSorted());
    expect(await found([...Array.from({ length: 70_000 }, (_, n) => `x${n}`), 'a'])).toEqual(['a']);
    expect(await found([])).toEqual([]);
  });

  it('gives JSON back as it was stored', async () => {
    const store = await open();
    expect(JSON.parse(await given(store, store.dialect.jsonbText(search)))).toEqual(jane);
  });

  it('locks rows in one text for both stores', async () => {
    const store = await open();
    await store.write(async (trx) => {
      await trx.insertInto('lookups').values(lookup('a', 'a')).execute();
      const rows = trx.selectFrom('lookups').select('value');
      expect(await rows.modifyEnd(store.dialect.forUpdate).execute()).toEqual([{ value: 'a' }]);
      expect(await rows.modifyEnd(store.dialect.forUpdateSkipLocked).execute()).toEqual([{ value: 'a' }]);
    });
  });

  it('writes its clock into statements', async () => {
    const store = await open({ clock: () => 1_700_000_000_123 });
    const row = { id: 'p', started_at: store.dialect.now(), alive_until: sql<number>`${store.dialect.now()} + 5000` };
    await store.write((trx) => trx.insertInto('processes').values(row).execute());
    const { started_at, alive_until } = await store.read.selectFrom('processes').selectAll().executeTakeFirstOrThrow();
    if (store.kind === 'sqlite') expect(started_at).toBe(1_700_000_000_123);
    else expect(Math.abs(started_at - Date.now())).toBeLessThan(5_000);
    expect(Math.abs(alive_until - started_at - 5_000)).toBeLessThan(50);
  });
});
