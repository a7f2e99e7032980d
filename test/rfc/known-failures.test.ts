/** What leading SCIM systems are known to get wrong in writing, each a test here. */
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { type Linkspan, patch, startLinkspan } from '../linkspan.ts';
import type { Kind } from '../stores.ts';
import { created, expectError, expectMembers, filtered, memberOf, USER } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

/** Every update of the table fails as on a full disk. */
async function refuseUpdates({ app }: Linkspan, kind: Kind, table: string): Promise<void> {
  const statements =
    kind === 'sqlite'
      ? [`create trigger refuse before update on ${table} begin select raise(abort, 'refused'); end`]
      : [
          `create function refuse() returns trigger language plpgsql as
             $$ begin raise exception 'refused' using errcode = 'disk_full'; end $$`,
          `create trigger refuse before update on ${table} for each row execute function refuse()`,
        ];
  await app.store.write(async (trx) => {
    for (const statement of statements) await sql.raw(statement).execute(trx);
  });
}

describe.each(KINDS)('a store that fails (%s)', (kind) => {
  it('a removal that failed is not answered with success', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const { scim } = linkspan;
    const { id, meta } = await created(scim, '/Users', { userName: 'leaver' });
    await refuseUpdates(linkspan, kind, 'resources');
    const answer = await scim('DELETE', `/Users/${id}`);
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expectError(answer, answer.status);
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ userName: 'leaver', meta });
  });

  it('a removal of a member that failed is not answered with success', async () => {
    const linkspan = await startLinkspan({ kind, targets: [] });
    const { scim } = linkspan;
    const member = await memberOf(scim, 'leaver', 'Leaver');
    const { id } = await created(scim, '/Groups', { displayName: 'Staff', members: [member] });
    await refuseUpdates(linkspan, kind, 'members');
    const path = `members[value eq "${member.value}"]`;
    const answer = await scim('PATCH', `/Groups/${id}`, patch({ op: 'remove', path }));
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expectError(answer, answer.status);
    expectMembers((await scim('GET', `/Groups/${id}`)).body, [member]);
  });

  it('an error of the store is not answered 404', async () => {
    const { scim, app } = await startLinkspan({ kind, targets: [] });
    const { id } = await created(scim, '/Users', { userName: 'jane' });
    const rename = (from: string, to: string) =>
      app.store.write((trx) => sql.raw(`alter table ${from} rename to ${to}`).execute(trx));
    await rename('resources', 'out_of_reach');
    const body = { userName: 'jane', title: 'x' };
    for (const answer of [
      await scim('GET', `/Users/${id}`),
      await scim('GET', filtered('/Users', 'userName eq "jane"')),
      await scim('PUT', `/Users/${id}`, body),
      await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'title', value: 'x' })),
      await scim('DELETE', `/Users/${id}`),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expectError(answer, answer.status);
    }
    await rename('out_of_reach', 'resources');
    expect((await scim('GET', `/Users/${id}`)).body).toMatchObject({ id, userName: 'jane' });
  });
});

describe.each(KINDS)('PATCH and PUT (%s)', (kind) => {
  const tenant = serveFor(kind);

  it('replace of members is not an add', async () => {
    const scim = await tenant();
    const [a, b, c] = [await memberOf(scim, 'a', 'A'), await memberOf(scim, 'b', 'B'), await memberOf(scim, 'c', 'C')];
    const { id } = await created(scim, '/Groups', { displayName: 'Staff', members: [a, b] });
    const replace = { op: 'replace', path: 'members', value: [b, c] };
    expect((await scim('PATCH', `/Groups/${id}`, patch(replace))).status).toBe(200);
    expectMembers((await scim('GET', `/Groups/${id}`)).body, [b, c]);
    const pathless = { op: 'replace', value: { members: [a] } };
    expect((await scim('PATCH', `/Groups/${id}`, patch(pathless))).status).toBe(200);
    expectMembers((await scim('GET', `/Groups/${id}`)).body, [a]);
    expect((await scim('GET', `/Users/${c.value}`)).body).not.toHaveProperty('groups');
  });

  it.each([
    ['replace', 'emails[value co "x"].type'],
    ['replace', 'emails[value co "x"]'],
    ['replace', 'emails[type sw "wo"].value'],
    ['replace', 'emails[type eq "work" or type eq "home"].value'],
    ['replace', 'emails[not (type eq "work")].value'],
  ])("%s of %s creates no value of the filter's text", async (op, path) => {
    const scim = await tenant();
    const before = await created(scim, '/Users', { userName: 'jane' });
    const value = path.endsWith(']') ? { type: 'work' } : 'home';
    expectError(await scim('PATCH', `/Users/${before.id}`, patch({ op, path, value })), 400, 'noTarget');
    expect((await scim('GET', `/Users/${before.id}`)).body).toEqual(before);
  });

  it('add to a value path takes nothing but equalities from the filter', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', { userName: 'jane' });
    const operation = { op: 'add', path: 'emails[type eq "work" and value co "x"].display', value: 'Jane' };
    await scim('PATCH', `/Users/${id}`, patch(operation));
    const { emails = [] } = (await scim('GET', `/Users/${id}`)).body;
    for (const email of emails) expect(email).not.toHaveProperty('value');
    expect(JSON.stringify(emails)).not.toMatch(/co |"x"/);
  });

  it('two work e-mails are no error', async () => {
    const scim = await tenant();
    const [first, second, third] = ['a', 'b', 'c'].map((name) => ({ type: 'work', value: `${name}@example.com` }));
    const { id, emails } = await created(scim, '/Users', { userName: 'jane', emails: [first, second] });
    expect(emails).toEqual([first, second]);
    const added = await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'emails', value: [third] }));
    expect({ status: added.status, emails: added.body.emails }).toEqual({
      status: 200,
      emails: [first, second, third],
    });
    const replace = { op: 'replace', path: 'emails[type eq "work"].display', value: 'Jane' };
    const shown = await scim('PATCH', `/Users/${id}`, patch(replace));
    expect(shown.body.emails).toEqual([first, second, third].map((email) => ({ ...email, display: 'Jane' })));
    expect((await scim('PUT', `/Users/${id}`, { userName: 'jane', emails: [second, first] })).status).toBe(200);
  });

  it('of writers who read the same version exactly one wins', async () => {
    const scim = await tenant();
    const { id, meta } = await created(scim, '/Users', { userName: 'jane' });
    const condition = { 'if-match': meta.version };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) => {
        const title = `writer ${n}`;
        if (n % 2) return scim('PUT', `/Users/${id}`, { userName: 'jane', title }, condition);
        return scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'title', value: title }), condition);
      }),
    );
    const [winner, ...others] = answers.toSorted((a, b) => a.status - b.status);
    expect([winner?.status, ...others.map(({ status }) => status)]).toEqual([200, ...Array(7).fill(412)]);
    expect((await scim('GET', `/Users/${id}`)).body).toEqual(winner?.body);
  });

  it('PUT answers with the resource, also when nothing changes', async () => {
    const scim = await tenant();
    const { id } = await created(scim, '/Users', { userName: 'jane' });
    const put = () => scim('PUT', `/Users/${id}`, { schemas: [USER], userName: 'jane', title: 'Guide' });
    for (const answer of [await put(), await put()]) {
      expect({ status: answer.status, body: answer.body }).toMatchObject({ status: 200, body: { id, title: 'Guide' } });
    }
    const group = await created(scim, '/Groups', { displayName: 'Staff' });
    const answer = await scim('PUT', `/Groups/${group.id}`, { displayName: 'All staff' });
    expect({ status: answer.status, name: answer.body?.displayName }).toEqual({ status: 200, name: 'All staff' });
  });

  it.each(['/Users', '/Groups'] as const)('every 409 of %s says uniqueness', async (endpoint) => {
    const scim = await tenant();
    const naming = endpoint === '/Users' ? 'userName' : 'displayName';
    await created(scim, endpoint, { [naming]: 'Taken' });
    const { id } = await created(scim, endpoint, { [naming]: 'free' });
    const body = { [naming]: 'TAKEN' };
    expectError(await scim('POST', endpoint, body), 409, 'uniqueness');
    expectError(await scim('PUT', `${endpoint}/${id}`, body), 409, 'uniqueness');
    const replace = patch({ op: 'replace', path: naming, value: 'taken' });
    expectError(await scim('PATCH', `${endpoint}/${id}`, replace), 409, 'uniqueness');
    expect((await scim('GET', `${endpoint}/${id}`)).body[naming]).toBe('free');
  });
});
