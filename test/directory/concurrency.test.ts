import { describe, expect, it } from 'vitest';
import { patch, startLinkspan } from '../linkspan.ts';

describe.each(['sqlite', 'postgres'] as const)('requests at the same time (%s)', (kind) => {
  it('fifty PATCHes that each add one member leave all fifty in', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const ids: string[] = [];
    for (let n = 0; n < 50; n++) ids.push((await scim('POST', '/Users', { userName: `user${n}` })).body.id);
    const group = (await scim('POST', '/Groups', { displayName: 'Everybody' })).body.id;
    const add = (value: string) =>
      scim('PATCH', `/Groups/${group}`, patch({ op: 'add', path: 'members', value: [{ value }] }));
    const answers = await Promise.all(ids.map(add));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    const { body } = await scim('GET', `/Groups/${group}`);
    expect(body.members.map(({ value }: { value: string }) => value).sort()).toEqual([...ids].sort());
    expect(body.meta.version).toBe('W/"51"');
    const inGroups = await scim('GET', `/Users?filter=${encodeURIComponent(`groups.value eq "${group}"`)}&count=0`);
    expect(inGroups.body.totalResults).toBe(50);
  });

  it('of twenty creates with one userName, one wins', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const spellings = Array.from({ length: 20 }, (_, n) => (n % 2 ? 'Jane@Example.com' : 'jane@example.COM'));
    const answers = await Promise.all(spellings.map((userName) => scim('POST', '/Users', { userName })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.scimType === 'uniqueness')).toHaveLength(19);
    expect((await scim('GET', '/Users')).body.totalResults).toBe(1);
  });

  it('of edits to different attributes, none is lost', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const names = ['title', 'nickName', 'displayName', 'locale', 'userType', 'preferredLanguage'];
    await Promise.all(names.map((path) => scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path, value: path }))));
    const { body } = await scim('GET', `/Users/${id}`);
    expect(names.map((name) => body[name])).toEqual(names);
  });

  it('finds a renamed user under the new name only', async () => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const { id } = (await scim('POST', '/Users', { userName: 'before', emails: [{ value: 'a@b', type: 'work' }] }))
      .body;
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { userName: 'after' } }));
    const total = async (filter: string) =>
      (await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`)).body.totalResults;
    expect(await total('userName eq "before"')).toBe(0);
    expect(await total('userName eq "AFTER"')).toBe(1);
    expect(await total('emails[type eq "work" and value eq "A@B"]')).toBe(1);
    expect((await scim('POST', '/Users', { userName: 'before' })).status).toBe(201);
  });
});
