import { expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { startLinkspan } from '../linkspan.ts';
import { testDatabase } from '../stores.ts';

it('a full disk gives 503 and loses nothing that was acknowledged', async () => {
  const database = await testDatabase('sqlite');
  const { scim, close } = await startLinkspan({
    databaseUrl: database.url,
    targets: [],
    store: { maxPageCount: 160 },
  });
  const acknowledged: string[] = [];
  let refused = 0;
  for (let batch = 0; batch < 60 && refused < 20; batch++) {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        scim('POST', '/Users', { userName: `user${batch}-${n}`, displayName: 'x'.repeat(2_000) }),
      ),
    );
    for (const { status, body, headers } of answers) {
      if (status === 201) acknowledged.push(body.id);
      else {
        refused++;
        expect({ status, body, retry: headers.get('retry-after') }).toMatchObject({
          status: 503,
          body: { status: '503', schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] },
          retry: '5',
        });
      }
    }
  }
  expect(refused).toBeGreaterThanOrEqual(20);
  expect(acknowledged.length).toBeGreaterThan(10);
  // Reading goes on.
  expect((await scim('GET', `/Users/${acknowledged[0]}`)).status).toBe(200);
  await close();

  const store = await openStore(database.url);
  const rows = await store.read.selectFrom('resources').select('id').execute();
  const changes = await store.read.selectFrom('activity').select('resource_id').execute();
  await store.close();
  await database.drop();
  expect(rows.map(({ id }) => id).sort()).toEqual([...acknowledged].sort());
  expect(changes.map(({ resource_id }) => resource_id).sort()).toEqual([...acknowledged].sort());
});
