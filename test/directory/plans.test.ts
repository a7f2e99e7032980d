/** Which way SQLite takes to an answer: what identity providers ask all day must not read a tenant's users one by one. */
import { sql } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { filterSql } from '../../src/directory/filter-sql.ts';
import { parseFilter } from '../../src/scim/filter/parse.ts';
import { testDatabase } from '../stores.ts';

const WHOLE = /resources_tenant_type_seq/;
const ENT = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

async function planner() {
  const database = await testDatabase('sqlite');
  const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url }));
  onTestFinished(async () => {
    await app.close();
    await database.drop();
  });
  return async (typeName: string, filter: string): Promise<string> => {
    const type = app.resourceTypes.get(typeName);
    if (!type) throw new Error(`no ${typeName}`);
    const condition = filterSql(parseFilter(filter, type), {
      dialect: app.store.dialect,
      tenant: 'acme',
      type,
      baseUrl: '',
    });
    const { rows } = await sql<{ detail: string }>`explain query plan select seq from resources
      where tenant = 'acme' and type = ${typeName} and deleted_at is null and ${condition}`.execute(app.store.read);
    return rows.map(({ detail }) => detail).join('\n');
  };
}

it.each([
  'userName eq "x"',
  'userName sw "xyz"',
  'externalId eq "x"',
  'emails.value eq "x"',
  'emails[type eq "work"].value eq "x"',
  `${ENT}:employeeNumber eq "1"`,
  'userName eq "x" and active eq true',
])('%s is answered by the index of looked-up values', async (filter) => {
  const plan = await (await planner())('User', filter);
  expect(plan).toMatch(
    /SEARCH lookups USING (PRIMARY KEY|(COVERING )?INDEX \w+) \(tenant=\? AND type=\? AND path=\? AND value/,
  );
  expect(plan).not.toMatch(WHOLE);
});

it.each(['members.value eq "x"', 'members[value eq "x"]', 'members[value eq "x" and type eq "User"]'])(
  '%s is answered from the side of the member',
  async (filter) => {
    const plan = await (await planner())('Group', filter);
    expect(plan).toMatch(/SEARCH members USING (COVERING )?INDEX \w+ \(tenant=\? AND member_id=\?/);
    expect(plan).not.toMatch(WHOLE);
  },
);

it.each(['groups.value eq "x"', 'groups eq "x"', 'groups.display eq "x"', 'groups[display eq "x"]'])(
  '%s is answered from the side of the group',
  async (filter) => {
    const plan = await (await planner())('User', filter);
    expect(plan).toMatch(/SEARCH members USING PRIMARY KEY \(tenant=\? AND group_id=\?/);
    expect(plan).not.toMatch(WHOLE);
  },
);

it('what no index answers is one scan over the users of the tenant', async () => {
  expect(await (await planner())('User', 'title eq "x"')).toMatch(WHOLE);
});
