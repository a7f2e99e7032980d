/** An operator changes the extension schemas between two starts: what is stored stays, what is derived from it follows. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { patch, type Scim, scimClient, startLinkspan } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

const BADGE = 'urn:example:params:scim:schemas:extension:badge:2.0:User';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** One database and one data dir; each call starts the product anew, with these attributes of the extension or without it. */
async function restartable(kind: Kind) {
  const database = await testDatabase(kind);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-schemas-'));
  const file = path.join(dataDir, 'scim-schemas', 'badge.json');
  await mkdir(path.dirname(file));
  onTestFinished(async () => {
    await rm(dataDir, { recursive: true, force: true });
    await database.drop();
  });
  let last: Awaited<ReturnType<typeof startLinkspan>> | undefined;
  let token: string | undefined;
  const start = async (attributes: object[] | null): Promise<Scim> => {
    await last?.close();
    const schema = { id: BADGE, name: 'Badge', 'urn:linkspan:extends': ['User'], attributes };
    if (attributes) await writeFile(file, JSON.stringify(schema));
    else await rm(file, { force: true });
    const options = { databaseUrl: database.url, dataDir, targets: [] };
    last = await startLinkspan(token ? { ...options, tenant: null } : options);
    token ??= last.scim.token;
    return scimClient(last.url, 'acme', token);
  };
  return { start, store: () => last?.app.store };
}

const found = async (scim: Scim, filter: string) =>
  (await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;

it.each(['sqlite', 'postgres'] as const)('an attribute that becomes unique is so, and is found (%s)', async (kind) => {
  const { start } = await restartable(kind);
  let scim = await start([{ name: 'code' }]);
  await scim('POST', '/Users', { userName: 'jane', [BADGE]: { code: 'X' } });
  await scim('POST', '/Users', { userName: 'bob', [BADGE]: { code: 'Y' } });
  await scim('POST', '/Users', { userName: 'eve', [BADGE]: { code: 'y' } });

  scim = await start([{ name: 'code', uniqueness: 'server' }]);
  expect(await found(scim, `${BADGE}:code eq "x"`)).toBe(1);
  expect((await scim('POST', '/Users', { userName: 'ann', [BADGE]: { code: 'x' } })).body.scimType).toBe('uniqueness');
  // Who had the same before keeps it, and is found.
  expect(await found(scim, `${BADGE}:code eq "y"`)).toBe(2);
  // And can still be changed, be it to leave.
  const [bob] = (await scim('GET', '/Users?filter=userName%20eq%20%22bob%22')).body.Resources;
  const [eve] = (await scim('GET', '/Users?filter=userName%20eq%20%22eve%22')).body.Resources;
  for (const { id } of [bob, eve]) {
    const left = await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
    expect(left).toMatchObject({ status: 200, body: { active: false } });
  }
  scim = await start([{ name: 'code', uniqueness: 'server', caseExact: true }]);
  expect(await found(scim, `${BADGE}:code eq "x"`)).toBe(0);
  expect(await found(scim, `${BADGE}:code eq "y"`)).toBe(1);
  expect((await scim('POST', '/Users', { userName: 'ann', [BADGE]: { code: 'x' } })).status).toBe(201);
});

it.each(['sqlite', 'postgres'] as const)('what no schema has is kept, and seen by nobody (%s)', async (kind) => {
  const { start } = await restartable(kind);
  const attributes = [
    { name: 'code', uniqueness: 'server' },
    { name: 'serial', mutability: 'immutable' },
    { name: 'pin', returned: 'never' },
  ];
  let scim = await start(attributes);
  const { id } = (
    await scim('POST', '/Users', { userName: 'jane', [BADGE]: { code: 'X', serial: 's', pin: 'secret' } })
  ).body;

  scim = await start(null);
  const shown = [await scim('GET', `/Users/${id}`), await scim('GET', '/Users')];
  for (const { body } of shown) expect(JSON.stringify(body)).not.toMatch(/secret|badge/);
  expect(shown[0]?.body.schemas).toEqual([USER]);
  await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'title', value: 'a' }));
  const put = await scim('PUT', `/Users/${id}`, { userName: 'jane', title: 'b' });
  expect(JSON.stringify(put.body)).not.toMatch(/secret|badge/);

  scim = await start(attributes.slice(0, 2));
  expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ title: 'b', [BADGE]: { code: 'X', serial: 's' } });
  expect(JSON.stringify((await scim('GET', `/Users/${id}`)).body)).not.toContain('secret');
  expect(await found(scim, `${BADGE}:code eq "x"`)).toBe(1);
  await scim('PATCH', `/Users/${id}`, patch({ op: 'remove', path: `${BADGE}:code` }));
  expect(await found(scim, `${BADGE}:code eq "x"`)).toBe(0);
  expect((await scim('POST', '/Users', { userName: 'bob', [BADGE]: { code: 'X' } })).status).toBe(201);
});

it.each(['sqlite', 'postgres'] as const)('what was derived by other rules is derived anew (%s)', async (kind) => {
  const { start, store } = await restartable(kind);
  let scim = await start(null);
  const members = [{ value: 'm', display: 'ＪＡＮＥ' }];
  await scim('POST', '/Users', { userName: 'ｊａｎｅ', title: 'Ｒ＆Ｄ' });
  await scim('POST', '/Groups', { displayName: 'Team', members });
  // As it would have been left by a version that compared otherwise.
  await store()?.write(async (trx) => {
    await trx.updateTable('lookups').set({ value: 'ｊａｎｅ' }).where('path', '=', 'userName').execute();
    await trx.updateTable('members').set({ display_folded: 'ｊａｎｅ' }).execute();
    const search = store()?.dialect.jsonb(JSON.stringify({ userName: 'ｊａｎｅ', title: 'ｒ＆ｄ' }));
    await trx.updateTable('resources').set({ search }).where('type', '=', 'User').execute();
    await trx.updateTable('derived').set({ made_by: 'other rules' }).execute();
  });
  expect(await found(scim, 'userName eq "jane"')).toBe(0);
  scim = await start(null);
  expect(await found(scim, 'userName eq "jane" and title eq "r&d"')).toBe(1);
  expect((await scim('GET', '/Groups?filter=members.display%20eq%20%22jane%22')).body.totalResults).toBe(1);
  expect((await scim('POST', '/Users', { userName: 'jane' })).status).toBe(409);
});
