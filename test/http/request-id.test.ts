import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startServer } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { issueToken } from '../../src/tenancy/tokens.ts';
import { patch, scimClient, startLinkspan } from '../linkspan.ts';
import { testDatabase } from '../stores.ts';

const UUIDV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('X-Request-Id', () => {
  it('stands on every answer, errors included, and is never the same', async () => {
    const { scim, url } = await startLinkspan({ targets: [] });
    const made = await scim('POST', '/Users', { userName: 'jane' });
    const path = `/Users/${made.body.id}`;
    const etag = made.headers.get('etag') ?? '';
    const answers = [
      made,
      await scim('GET', path),
      await scim('GET', path, undefined, { 'if-none-match': etag }),
      await scim('GET', '/Users'),
      await scim('GET', '/Schemas'),
      await scim('POST', '/Users/.search', { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }),
      await scim('POST', '/Users', { userName: 'jane' }),
      await scim('POST', '/Users', '{'),
      await scim('PATCH', path, patch({ op: 'nonsense' })),
      await scim('PUT', '/Users', {}),
      await scim('GET', '/Users/nobody'),
      await scim('GET', '/Nowhere'),
      await scim('GET', '/Me'),
      await scim('POST', '/Bulk', {}),
      await scim('DELETE', path),
      await scim('GET', '/Users', undefined, { authorization: '' }),
      await scim('GET', '/Users', undefined, { authorization: 'Bearer wrong' }),
      await scimClient(url, 'nobody', scim.token)('GET', '/Users'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([
      201, 200, 304, 200, 200, 200, 409, 400, 400, 405, 404, 404, 501, 400, 204, 401, 401, 401,
    ]);
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    for (const id of ids) expect(id).toMatch(UUIDV7);
    expect(new Set(ids).size).toBe(answers.length);
  });

  it('is the id of what the request changed, whatever id the client sends', async () => {
    const { scim, app } = await startLinkspan({ targets: [] });
    const answer = await scim('POST', '/Users', { userName: 'jane' }, { 'x-request-id': 'mine' });
    const rows = await app.store.read.selectFrom('activity').select(['id', 'request_id']).execute();
    expect(rows).toEqual([{ id: answer.headers.get('x-request-id'), request_id: null }]);
  });

  it('of a Bulk request stands beside each of its operations', async () => {
    const { scim, app } = await startLinkspan({ targets: [] });
    const answer = await scim('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: ['ann', 'bob'].map((userName) => ({
        method: 'POST',
        path: '/Users',
        bulkId: userName,
        data: { userName },
      })),
    });
    const rows = await app.store.read.selectFrom('activity').select(['id', 'request_id']).execute();
    const id = answer.headers.get('x-request-id');
    expect(rows.map((row) => row.request_id)).toEqual([id, id]);
    expect(rows.every((row) => row.id !== id)).toBe(true);
  });

  it('is in the log line of a request that failed', async () => {
    const database = await testDatabase('sqlite');
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const config = readConfig({
      LINKSPAN_PORT: '0',
      LINKSPAN_DATABASE_URL: database.url,
      LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
    const server = await startServer(config, log);
    onTestFinished(async () => {
      await server.close();
      await database.drop();
    });
    const { store } = server.app;
    await createTenant(store, { tenant: 'acme', title: 'Acme', idp: 'generic' });
    const scim = scimClient(server.url, 'acme', await issueToken(store, 'acme', { label: 'test' }));
    expect((await scim('GET', '/Users')).status).toBe(200);
    await store.write((trx) => trx.schema.dropTable('lookups').execute());
    const failed = await scim('POST', '/Users', { userName: 'jane' });
    expect(failed.status).toBe(500);
    const id = failed.headers.get('x-request-id');
    expect(id).toMatch(UUIDV7);
    const line = lines.find(({ msg }) => msg === 'request failed');
    expect(line).toMatchObject({ requestId: id, method: 'POST', path: '/tenants/acme/scim/v2/Users' });
  });
});
