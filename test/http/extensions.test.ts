/** Extensions of the User schema: ours, which says where a user has been carried on to, and an operator's own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { patch, startLinkspan } from '../linkspan.ts';

const PROVISIONING = 'urn:linkspan:params:scim:schemas:extension:provisioning:2.0:User';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const BADGE = 'urn:example:params:scim:schemas:extension:badge:2.0:User';

const badgeSchema = {
  id: BADGE,
  name: 'Badge',
  'urn:linkspan:extends': ['User'],
  attributes: [
    { name: 'number', type: 'integer' },
    { name: 'code', uniqueness: 'server', caseExact: true },
    { name: 'issued', type: 'dateTime' },
    { name: 'serial', mutability: 'immutable' },
    {
      name: 'chip',
      type: 'complex',
      subAttributes: [
        { name: 'maker', mutability: 'immutable' },
        { name: 'model' },
        { name: 'wear', mutability: 'readOnly' },
      ],
    },
    { name: 'note', returned: 'request' },
    { name: 'hidden', returned: 'never' },
    { name: 'floors', multiValued: true, type: 'decimal' },
    { name: 'state', mutability: 'readOnly' },
    {
      name: 'doors',
      type: 'complex',
      multiValued: true,
      subAttributes: [
        { name: 'value' },
        { name: 'primary', type: 'boolean' },
        { name: 'until', type: 'dateTime', required: true },
        { name: 'key', mutability: 'immutable' },
      ],
    },
  ],
};

async function dataDirWith(files: Record<string, unknown>): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-schemas-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  await mkdir(path.join(dataDir, 'scim-schemas'));
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    await writeFile(path.join(dataDir, 'scim-schemas', name), text);
  }
  return dataDir;
}

describe.each(['sqlite', 'postgres'] as const)('the provisioning extension (%s)', (kind) => {
  it('says for each target how it stands, to who asks for it', async () => {
    const { scim, sandbox, settled } = await startLinkspan({ kind, targets: ['dashboard'] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane', emails: [{ value: 'jane@x.org' }] })).body;
    await settled();
    const plain = (await scim('GET', `/Users/${id}`)).body;
    expect(plain).not.toHaveProperty([PROVISIONING]);
    expect(plain.schemas).toEqual([USER]);

    for (const attributes of [PROVISIONING, `${PROVISIONING}:targets`, `userName,${PROVISIONING.toUpperCase()}`]) {
      const { body } = await scim('GET', `/Users/${id}?attributes=${attributes}`);
      expect(body.schemas).toEqual([USER, PROVISIONING]);
      const [record] = (await sandbox.state()).qflow.users;
      expect(body[PROVISIONING].targets).toEqual([
        {
          value: 'dashboard',
          type: 'qflow-enterprise',
          state: 'settled',
          remoteId: String(record?.id ?? record?.Id),
          lastSuccess: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
        },
      ]);
    }
    const part = (await scim('GET', `/Users?attributes=${PROVISIONING}:targets.state`)).body.Resources[0];
    expect(part).toEqual({ schemas: [USER, PROVISIONING], id, [PROVISIONING]: { targets: [{ state: 'settled' }] } });
  });

  it('says why a target does not follow, and that it is tried again', async () => {
    const { scim, sandbox, settled } = await startLinkspan({ kind, targets: ['dashboard'] });
    await sandbox.faults({ kinds: ['500'], rate: 1 });
    const { id } = (await scim('POST', '/Users', { userName: 'jane', emails: [{ value: 'jane@x.org' }] })).body;
    const look = async () => {
      const { body } = await scim('GET', `/Users/${id}?attributes=${PROVISIONING}`);
      return body[PROVISIONING]?.targets?.[0];
    };
    await expect.poll(async () => (await look())?.state, { timeout: 10_000 }).toMatch(/retrying|paused/);
    expect(await look()).toMatchObject({
      value: 'dashboard',
      lastError: expect.any(String),
      lastErrorAt: expect.any(String),
    });
    await sandbox.faults({ rate: 0 });
    await settled();
    expect(await look()).toMatchObject({ state: 'settled', lastSuccess: expect.any(String) });
    expect(await look()).not.toHaveProperty('lastError');
  });

  it('can be neither written nor compared', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const sent = { userName: 'jane', [PROVISIONING]: { targets: [{ value: 'door', state: 'settled' }] } };
    const { id } = (await scim('POST', '/Users', sent)).body;
    expect((await scim('GET', `/Users/${id}?attributes=${PROVISIONING}`)).body).toEqual({ schemas: [USER], id });
    const put = patch({ op: 'replace', path: `${PROVISIONING}:targets`, value: [{ value: 'x' }] });
    expect((await scim('PATCH', `/Users/${id}`, put)).body.scimType).toBe('mutability');
    const filter = encodeURIComponent(`${PROVISIONING}:targets[state eq "rejected"]`);
    expect((await scim('GET', `/Users?filter=${filter}`)).body.scimType).toBe('invalidFilter');
    expect((await scim('GET', `/Users?sortBy=${PROVISIONING}:targets`)).body.scimType).toBe('invalidValue');
  });
});

it.each(['sqlite', 'postgres'] as const)(
  "an operator's schema in the data dir extends users of all tenants (%s)",
  async (kind) => {
    const dataDir = await dataDirWith({ 'badge.json': badgeSchema, 'readme.txt': 'no schema' });
    const linkspan = await startLinkspan({ kind, targets: [], dataDir });
    for (const scim of [linkspan.scim, await linkspan.addTenant('globex', { targets: [] })]) {
      const listed = (await scim('GET', `/Schemas/${BADGE}`)).body;
      expect(listed.attributes.map((attribute: { name: string }) => attribute.name)).toEqual(
        badgeSchema.attributes.map(({ name }) => name),
      );
      expect(JSON.stringify(listed)).not.toMatch(/null|linkspan:extends/);
      const userType = (await scim('GET', '/ResourceTypes/User')).body;
      expect(userType.schemaExtensions).toContainEqual({ schema: BADGE, required: false });

      const badge = {
        number: 7,
        code: 'A1',
        issued: '2026-01-01T10:00:00.1234567+02:00',
        serial: 's',
        chip: { maker: 'acme', model: 'one' },
        floors: [1.5, 2],
        doors: [{ value: 'east', until: '2027-01-01T00:00:00Z', key: 'k' }],
      };
      const created = await scim('POST', '/Users', {
        userName: 'jane',
        [BADGE]: { ...badge, chip: { ...badge.chip, wear: 'ignored' }, note: 'n', hidden: 'h', state: 'ignored' },
      });
      // What is returned on request counts as asked for by the request that writes it.
      expect(created.body[BADGE]).toEqual({ ...badge, note: 'n' });
      expect((await scim('GET', `/Users/${created.body.id}`)).body[BADGE]).toEqual(badge);
      const noted = patch({ op: 'replace', path: `${BADGE}:note`, value: 'm' });
      expect((await scim('PATCH', `/Users/${created.body.id}`, noted)).body[BADGE].note).toBe('m');
      const titled = patch({ op: 'replace', path: 'title', value: 'm' });
      expect((await scim('PATCH', `/Users/${created.body.id}`, titled)).body[BADGE]).not.toHaveProperty('note');
      const { id } = created.body;
      const asked = (await scim('GET', `/Users/${id}?attributes=${BADGE}:note,${BADGE}:hidden`)).body;
      expect(asked[BADGE]).toEqual({ note: 'm' });

      const found = async (filter: string) => (await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).body;
      for (const filter of [
        'number gt 6.5',
        'code eq "A1"',
        'issued eq "2026-01-01T08:00:00.1234567Z"',
        'floors ge 2',
        'doors[value eq "EAST" and until gt "2027-01-01T01:00:00+02:00"]',
      ]) {
        expect({ filter, total: (await found(`${BADGE}:${filter}`)).totalResults }).toEqual({ filter, total: 1 });
      }
      expect((await found(`${BADGE}:code eq "a1"`)).totalResults).toBe(0);
      expect((await found(`${BADGE}:number gt true`)).scimType).toBe('invalidFilter');

      const twin = await scim('POST', '/Users', { userName: 'bob', [BADGE]: { code: 'A1' } });
      expect(twin).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } });
      for (const [path, value] of [
        ['serial', 'other'],
        ['chip', { maker: 'other' }],
        ['chip.maker', 'other'],
        ['doors', [{ value: 'east', until: '2027-01-01T00:00:00Z', key: 'other' }]],
        ['doors[value eq "east"].key', 'other'],
      ] as const) {
        const change = patch({ op: 'add', path: `${BADGE}:${path}`, value });
        expect({ path, ...(await scim('PATCH', `/Users/${id}`, change)).body }).toMatchObject({
          path,
          scimType: 'mutability',
        });
      }
      for (const path of ['chip.maker', 'doors[value eq "east"].key', 'doors[value eq "east"].until']) {
        const removal = patch({ op: 'remove', path: `${BADGE}:${path}` });
        expect({ path, ...(await scim('PATCH', `/Users/${id}`, removal)).body }).toMatchObject({
          path,
          scimType: 'mutability',
        });
      }
      const wrong = await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: `${BADGE}:number`, value: 'seven' }));
      expect(wrong.body.scimType).toBe('invalidValue');
      const put = (content: object) => scim('PUT', `/Users/${id}`, { userName: 'jane', [BADGE]: content });
      expect((await put({ serial: 'other' })).body.scimType).toBe('mutability');
      expect((await put({ chip: { maker: 'other' } })).body.scimType).toBe('mutability');
      // What is immutable and left out stays; the rest goes.
      const kept = { serial: 's', chip: { maker: 'acme', model: 'two' } };
      expect((await put({ chip: { model: 'two' } })).body[BADGE]).toEqual(kept);
      expect((await put({})).body[BADGE]).toEqual({ serial: 's' });
    }
  },
);

it.each([
  [{ 'x.json': '{' }, /x\.json is no JSON/],
  [{ 'x.json': { ...badgeSchema, attributes: [] } }, /badge/],
  [{ 'x.json': { ...badgeSchema, 'urn:linkspan:extends': ['Printer'] } }, /Printer, which is no resource type/],
  [{ 'x.json': { ...badgeSchema, id: USER } }, /defined twice/],
  [
    { 'x.json': { ...badgeSchema, attributes: [{ name: 'pin', mutability: 'writeOnly' }] } },
    /only password can be writeOnly/,
  ],
])('does not start on a schema that cannot be used, and says which and why', async (files, reason) => {
  const dataDir = await dataDirWith(files);
  const opening = openApp(readConfig({ LINKSPAN_DATA_DIR: dataDir }));
  await expect(opening).rejects.toThrow(reason);
  await expect(opening).rejects.toThrow(path.join(dataDir, 'scim-schemas'));
});
