import { describe, expect, it } from 'vitest';
import { patch } from '../linkspan.ts';
import {
  BABS,
  created,
  DEFAULTS,
  expectLocation,
  expectMembers,
  expectResource,
  GROUP,
  memberOf,
  USER,
} from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

describe.each(KINDS)('RFC 7644 3.5.2.1 (%s)', (kind) => {
  const tenant = serveFor(kind);

  describe('a group', () => {
    const tourGuides = async () => {
      const scim = await tenant();
      const before = await created(scim, '/Groups', { schemas: [GROUP], displayName: 'Tour Guides' });
      const member = await memberOf(scim, 'bjensen', 'Babs Jensen');
      const add = (version: string) =>
        scim('PATCH', `/Groups/${before.id}`, patch({ op: 'add', path: 'members', value: [member] }), {
          'if-match': version,
        });
      return { scim, before, member, add };
    };

    it('RFC 7644 3.5.2.1: adding a member to a group', async () => {
      const { scim, before, member, add } = await tourGuides();
      const answer = await add(before.meta.version);
      // The RFC's answer is 204; ours is 200 with the group, which it allows just before (decisions: status of PATCH).
      const { $ref: _, ...shown } = member;
      const members = [expect.objectContaining(shown)];
      expectResource(answer, scim, 'Group', { schemas: [GROUP], displayName: 'Tour Guides', members });
      expect(answer.body.meta.version).not.toBe(before.meta.version);
    });

    it('RFC 7644 3.5.2.1: the $ref of a member that the client sent is echoed', async () => {
      const { before, member, add } = await tourGuides();
      expect((await add(before.meta.version)).body.members).toMatchObject([{ value: member.value, $ref: member.$ref }]);
    });

    it('RFC 7644 3.5.2.1: the answer has the Location of the group', async () => {
      const { scim, before, add } = await tourGuides();
      expectLocation(await add(before.meta.version), `${scim.base}/Groups/${before.id}`);
    });

    it('RFC 7644 3.5.2.1: adding somebody who is a member already changes nothing', async () => {
      const { before, add } = await tourGuides();
      const once = (await add(before.meta.version)).body;
      const twice = await add(once.meta.version);
      expect({ status: twice.status, body: twice.body }).toEqual({ status: 200, body: once });
    });

    it('RFC 7644 3.5.2.1: the group shows up in the groups of the user', async () => {
      const { scim, before, member, add } = await tourGuides();
      await add(before.meta.version);
      const { groups } = (await scim('GET', `/Users/${member.value}`)).body;
      expect(groups).toMatchObject([{ value: before.id, $ref: before.meta.location, display: 'Tour Guides' }]);
    });

    it('RFC 7644 3.5.2.1: a member that nobody knows is kept and echoed', async () => {
      // As the RFC has it, word for word. Nothing says that the member must exist (decisions: references).
      const { scim, before } = await tourGuides();
      const value = [{ display: 'Babs Jensen', $ref: `https://example.com/v2/Users/${BABS}`, value: BABS }];
      const answer = await scim('PATCH', `/Groups/${before.id}`, patch({ op: 'add', path: 'members', value }));
      expect(answer.status).toBe(200);
      expectMembers(answer.body, value);
    });
  });

  describe('a user', () => {
    const bjensen = {
      schemas: [USER],
      userName: 'bjensen',
      name: { familyName: 'Jensen' },
      emails: [{ value: 'bjensen@example.com', type: 'work' }],
    };
    const user = async (attributes: object = {}) => {
      const scim = await tenant();
      const before = await created(scim, '/Users', { ...bjensen, ...attributes });
      const add = (value: unknown, path?: string) =>
        scim('PATCH', `/Users/${before.id}`, patch({ op: 'add', ...(path && { path }), value }), {
          'if-match': before.meta.version,
        });
      return { scim, before, add };
    };
    const HOME = { value: 'babs@jensen.org', type: 'home' };

    it('RFC 7644 3.5.2.1: adding attributes without a path', async () => {
      const { scim, add } = await user();
      // The RFC's JSON lacks a closing brace. Its `nickname` is the attribute nickName: case does not count (3.10).
      expectResource(await add({ emails: [HOME], nickname: 'Babs' }), scim, 'User', {
        ...bjensen,
        ...DEFAULTS,
        emails: [...bjensen.emails, HOME],
        nickName: 'Babs',
      });
    });

    it('RFC 7644 3.5.2.1: an existing single value is replaced', async () => {
      const { add } = await user({ nickName: 'Barb' });
      expect((await add({ nickname: 'Babs' })).body.nickName).toBe('Babs');
    });

    it('RFC 7644 3.5.2.1: what has no value yet gets it', async () => {
      const { add } = await user();
      expect((await add('Tour Guide', 'title')).body.title).toBe('Tour Guide');
    });

    it('RFC 7644 3.5.2.1: a complex attribute gets the sub-attributes given', async () => {
      const { add } = await user();
      expect((await add({ givenName: 'Barbara' }, 'name')).body.name).toEqual({
        familyName: 'Jensen',
        givenName: 'Barbara',
      });
    });

    it('RFC 7644 3.5.2.1: a multi-valued attribute gets another value', async () => {
      const { add } = await user();
      expect((await add([HOME], 'emails')).body.emails).toEqual([...bjensen.emails, HOME]);
    });

    it('RFC 7644 3.5.2.1: what is there already changes neither the resource nor its time', async () => {
      const { before, add } = await user({ title: 'Tour Guide' });
      for (const answer of [await add('Tour Guide', 'title'), await add(bjensen.emails, 'emails')]) {
        expect({ status: answer.status, body: answer.body }).toEqual({ status: 200, body: before });
      }
    });
  });
});
