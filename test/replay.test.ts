import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { replay } from './replay.ts';
import { fill, readRecordings } from './replay-recording.ts';
import { explains } from './replay-sandbox.ts';

const recordings = readRecordings(path.join(import.meta.dirname, 'recordings'));

describe.each(['sqlite', 'postgres'] as const)(
  'what identity providers send is answered and carried on (%s)',
  (kind) => {
    it.each(recordings)('$title', { timeout: 120_000 }, (recording) => replay(recording, kind));
  },
);

describe('the recordings', () => {
  it('are all there', () => {
    expect(recordings.map(({ file }) => file)).toEqual([
      'authentik.json',
      'entra-flag.json',
      'entra-groups.json',
      'entra-legacy.json',
      'jumpcloud.json',
      'keycloak.json',
      'okta-aiw.json',
      'okta-import.json',
      'okta-oin.json',
      'onelogin.json',
    ]);
  });

  it.each(recordings)('$file encodes and names itself as that identity provider does', (recording) => {
    const paths = recording.exchanges.map(({ request }) => request.path).filter((each) => each.includes('filter='));
    const [space, never] = ['entra', 'authentik'].includes(recording.idp) ? ['+', '%20'] : ['%20', '+'];
    // The plug-in of Keycloak looks for nobody.
    expect(paths.length > 0).toBe(recording.idp !== 'keycloak');
    for (const each of paths) {
      expect(each).toContain(space);
      expect(each).not.toContain(never);
      expect(each).not.toMatch(/["@[\]]/);
    }
    const agents: Record<string, string> = { okta: 'Okta SCIM Client 1.0.0', onelogin: '' };
    expect(recording.headers['User-Agent']).toBe(agents[recording.idp]);
  });

  it('send no PATCH from a wizard app of Okta, and no DELETE of a user from any', () => {
    const methods = (file: string, endpoint: string) =>
      recordings
        .filter((recording) => recording.file.startsWith(file))
        .flatMap(({ exchanges }) => exchanges)
        .filter(({ request }) => request.path.startsWith(endpoint))
        .map(({ request }) => request.method);
    expect(methods('okta-aiw', '/')).not.toContain('PATCH');
    expect(methods('okta', '/Users')).not.toContain('DELETE');
    expect(methods('entra', '/')).not.toContain('PUT');
  });
});

describe('the order of calls', () => {
  const chains = [
    ['POST /a/unassign', 'POST /a/assign'],
    ['POST /b/unassign', 'GET /b', 'POST /b/assign'],
  ];
  it('is that of each account, however the accounts take turns', () => {
    const calls = ['POST /b/unassign', 'POST /a/unassign', 'GET /x', 'GET /b', 'POST /b/assign', 'POST /a/assign'];
    expect(explains(chains, calls)).toBe(true);
  });
  it.each([
    [
      'an account in the wrong order',
      ['POST /a/assign', 'POST /a/unassign', 'POST /b/unassign', 'GET /b', 'POST /b/assign'],
    ],
    ['a call too many', [...chains.flat(), 'POST /a/assign']],
    ['a call too few', chains.flat().slice(1)],
    ['a read that is named and missing', chains.flat().filter((call) => call !== 'GET /b')],
    ['a read in the wrong place', ['GET /b', ...chains.flat().filter((call) => call !== 'GET /b')]],
    ['no call at all', []],
  ])('is not kept by %s', (_, calls) => {
    expect(explains(chains, calls)).toBe(false);
  });
  it('accepts nothing but reads where no call is expected', () => {
    expect(explains([], ['GET /a'])).toBe(true);
    expect(explains([], ['DELETE /a'])).toBe(false);
  });
});

describe('a placeholder', () => {
  it('is filled wherever it stands, and refused before it is known', () => {
    const known = new Map([['id', 'u1']]);
    expect(fill({ path: '/Users/{{id}}', list: ['{{id}}', 1, null] }, known)).toEqual({
      path: '/Users/u1',
      list: ['u1', 1, null],
    });
    expect(() => fill('{{other}}', known)).toThrow('{{other}}');
  });
});
