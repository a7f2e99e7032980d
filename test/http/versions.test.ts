import { describe, expect, it } from 'vitest';
import { patch, startLinkspan } from '../linkspan.ts';

describe.each(['sqlite', 'postgres'] as const)('versions (%s)', (kind) => {
  it('let only one of two writers win who read the same one', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const created = await scim('POST', '/Users', { userName: 'jane' });
    const version = created.headers.get('etag') ?? '';
    expect(version).toBe(created.body.meta.version);
    const edit = (value: string) =>
      scim('PATCH', `/Users/${created.body.id}`, patch({ op: 'replace', path: 'title', value }), {
        'if-match': version,
      });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(edit));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const refused = answers.find(({ status }) => status === 412);
    expect(refused?.body).toMatchObject({ status: '412', schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] });
    expect((await scim('GET', `/Users/${created.body.id}`)).body.meta.version).toBe('W/"2"');
  });
});

describe('conditions', () => {
  it('hold for PUT and DELETE, weak or strong, one of several, or any', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const put = (condition: string) =>
      scim('PUT', `/Users/${id}`, { userName: 'jane', title: condition }, { 'if-match': condition });
    expect((await put('W/"7"')).status).toBe(412);
    expect((await put('"1"')).status).toBe(200);
    expect((await put('W/"9", W/"2"')).status).toBe(200);
    expect((await put('*')).status).toBe(200);
    expect((await scim('DELETE', `/Users/${id}`, undefined, { 'if-match': 'W/"1"' })).status).toBe(412);
    expect((await scim('GET', `/Users/${id}`)).status).toBe(200);
    expect((await scim('DELETE', `/Users/${id}`, undefined, { 'if-match': 'W/"4"' })).status).toBe(204);
  });

  it('save the client an answer that it has', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const { id, meta } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const get = (condition: string) => scim('GET', `/Users/${id}`, undefined, { 'if-none-match': condition });
    const same = await get(meta.version);
    expect({ status: same.status, body: same.body, etag: same.headers.get('etag') }).toEqual({
      status: 304,
      body: undefined,
      etag: meta.version,
    });
    expect((await get('*')).status).toBe(304);
    expect((await get('W/"2"')).body.userName).toBe('jane');
  });
});
