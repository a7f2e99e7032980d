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

  it('of groups change when somebody in them is deleted, so that nobody puts a leaver back', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const inner = (await scim('POST', '/Groups', { displayName: 'Inner' })).body;
    const members = [{ value: jane.id }, { value: inner.id }];
    const { id } = (await scim('POST', '/Groups', { displayName: 'Team', members })).body;
    const other = (await scim('POST', '/Groups', { displayName: 'Other' })).body;
    const before = await scim('GET', `/Groups/${id}`);
    await scim('DELETE', `/Users/${jane.id}`);
    const after = await scim('GET', `/Groups/${id}`, undefined, { 'if-none-match': before.body.meta.version });
    expect(after).toMatchObject({ status: 200, body: { members: [{ value: inner.id }], meta: { version: 'W/"2"' } } });
    expect(after.body.meta.lastModified > before.body.meta.lastModified).toBe(true);
    const late = await scim(
      'PUT',
      `/Groups/${id}`,
      { displayName: 'Team', members },
      { 'if-match': before.body.meta.version },
    );
    expect(late.status).toBe(412);
    await scim('DELETE', `/Groups/${inner.id}`);
    expect((await scim('GET', `/Groups/${id}`)).body.meta.version).toBe('W/"3"');
    expect((await scim('GET', `/Groups/${other.id}`)).body.meta.version).toBe('W/"1"');
  });

  it('of users follow the groups that are shown, and still guard what a client may write', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const group = (await scim('POST', '/Groups', { displayName: 'Team', members: [{ value: jane.id }] })).body;
    const known = (query = '', version = '') =>
      scim('GET', `/Users/${jane.id}${query}`, undefined, version ? { 'if-none-match': version } : {});
    const inTeam = await known('', jane.meta.version);
    expect(inTeam.status).toBe(200);
    expect(inTeam.headers.get('etag')).toBe(inTeam.body.meta.version);
    expect((await known('', inTeam.body.meta.version)).status).toBe(304);
    expect((await known('?excludedAttributes=groups', jane.meta.version)).status).toBe(304);
    await scim('PATCH', `/Groups/${group.id}`, patch({ op: 'replace', path: 'displayName', value: 'Crew' }));
    const renamed = await known('', inTeam.body.meta.version);
    expect(renamed).toMatchObject({ status: 200, body: { groups: [{ display: 'Crew' }] } });

    const filter = encodeURIComponent(`meta.version eq ${JSON.stringify(renamed.body.meta.version)}`);
    expect((await scim('GET', `/Users?filter=${filter}`)).body.Resources).toEqual([renamed.body]);
    const title = patch({ op: 'add', path: 'title', value: 'x' });
    for (const version of [inTeam.body.meta.version, jane.meta.version]) {
      expect((await scim('PATCH', `/Users/${jane.id}`, title, { 'if-match': version })).status).toBe(
        version === jane.meta.version ? 412 : 200,
      );
    }
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

  it('refuse a write to what the client says it has', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    for (const condition of ['*', 'W/"1"']) {
      const put = await scim('PUT', `/Users/${id}`, { userName: 'x' }, { 'if-none-match': condition });
      expect(put.status).toBe(412);
    }
    expect((await scim('PUT', `/Users/${id}`, { userName: 'x' }, { 'if-none-match': 'W/"2"' })).status).toBe(200);
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
