/** The checks of RFC 7643, RFC 9865 and of the field's clients: that our own server passes them, and that each can fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks as cursor } from '../../compliance/checks/cursor.ts';
import { checks as dialects } from '../../compliance/checks/dialects.ts';
import { checks as entra } from '../../compliance/checks/entra.ts';
import { checks as groups } from '../../compliance/checks/groups.ts';
import { checks as okta } from '../../compliance/checks/okta.ts';
import { checks as schemas } from '../../compliance/checks/schemas.ts';
import type { Manner, Profile } from '../../compliance/model.ts';
import { requirements } from '../../compliance/requirements/all.ts';
import { field } from '../../compliance/requirements/field.ts';
import { BROKE_OFF, type RunOptions, runCompliance } from '../../compliance/run.ts';
import type { Check, Trial } from '../../compliance/trial.ts';
import { FIELD_FAULTS } from './field-spoils.ts';
import { type Front, startFront } from './front.ts';
import { OTHERWISE } from './otherwise.ts';
import { type OwnServer, ownServer } from './own-server.ts';
import { CURSOR_FAULTS, SCHEMA_FAULTS } from './schemas-spoils.ts';
import type { Fault } from './twists.ts';

const BY_PROFILE: Record<Profile, readonly Check[]> = {
  rfc: [...schemas, ...groups, ...cursor],
  entra,
  okta,
  dialects,
};
const FAULTS: readonly Fault[] = [...SCHEMA_FAULTS, ...CURSOR_FAULTS, ...FIELD_FAULTS];

/** Where our own server does otherwise (docs/scim.md): check, requirement. */
const DECIDED = [
  ['discovery/open-schemes', 'RFC7643-5-13'],
  ['users/canonical-email', 'RFC7643-4.1.2-2'],
  ['users/manager-name', 'RFC7643-4.3-3'],
];

/** Asks for nothing from the server but its name. */
const BY_NAME = 'okta/host';

let server: OwnServer;
let front: Front;
beforeAll(async () => {
  server = await ownServer();
  front = await startFront(server.url);
});
afterAll(async () => {
  front?.close();
  await server?.close();
});

const run = (options: Partial<RunOptions>) => runCompliance({ url: server.url, token: server.token, ...options });
const profileOf = (check: string) =>
  (Object.keys(BY_PROFILE) as Profile[]).find((each) => BY_PROFILE[each].some(({ id }) => id === check)) ?? 'rfc';
/** In which a requirement is asked for. */
const mannerOf = (requirement: string): Manner => requirements.find(({ id }) => id === requirement)?.manner ?? 'strict';

describe('the checks of the schemas, of cursors and of the field', () => {
  it.each(Object.keys(BY_PROFILE) as Profile[])('find our own server as decided, profile %s', async (profile) => {
    const found = await Promise.all(
      (['strict', 'tolerant'] as const).map((manner) => run({ profile, manner, checks: BY_PROFILE[profile] })),
    );
    const findings = found.flatMap(({ results }) =>
      results.flatMap((each) => each.findings.map(({ requirement, message }) => [each.check, requirement, message])),
    );
    const decided = new Set(DECIDED.map(([check, requirement]) => `${check} ${requirement}`));
    expect(findings.filter(([check, requirement]) => !decided.has(`${check} ${requirement}`))).toEqual([]);
    for (const { results, leftBehind } of found) {
      expect(results.filter(({ reason }) => reason?.startsWith(BROKE_OFF))).toEqual([]);
      expect(leftBehind).toEqual([]);
    }
    const isSkipped = (check: string) =>
      found.every(({ results }) => results.find((each) => each.check === check)?.verdict === 'SKIP');
    expect(BY_PROFILE[profile].map(({ id }) => id).filter(isSkipped)).toEqual(
      profile === 'rfc' ? ['schemas/required-extensions', 'schemas/immutable'] : [],
    );
  });

  it('have a fault that they see, for each of their requirements', () => {
    const wanted = Object.values(BY_PROFILE)
      .flat()
      .filter(({ id }) => id !== BY_NAME)
      .flatMap(({ id, requirements }) => requirements.map((each) => `${id} ${each}`));
    const seen = new Set([
      ...FAULTS.map(([check, , requirement]) => `${check} ${requirement}`),
      ...DECIDED.map((each) => each.join(' ')),
    ]);
    expect(wanted.filter((each) => !seen.has(each))).toEqual([]);
  });

  it.each(FAULTS.map((each) => [each[0], each[1], each[2], each] as const))(
    '%s sees a fault: %s (%s)',
    async (id, _, requirement, [, , , spoil, twist]) => {
      front.spoil(spoil(), twist);
      const profile = profileOf(id);
      const checks = BY_PROFILE[profile].filter((each) => each.id === id);
      const { results } = await run({ url: front.url, profile, manner: mannerOf(requirement), checks });
      front.spoil(() => {});
      const [result] = results;
      expect(
        result?.findings.map((each) => each.requirement),
        result?.reason,
      ).toContain(requirement);
      const isMust = requirements.find((each) => each.id === requirement)?.level === 'MUST';
      if (isMust) expect(result?.verdict).toBe('FAIL');
      for (const { exchange } of result?.findings ?? []) expect(result?.exchanges[exchange ?? -1]).toBeDefined();
    },
  );

  it.each(OTHERWISE)('accuse nobody who %s', async (_, how, rightly) => {
    const found: string[] = [];
    for (const profile of Object.keys(BY_PROFILE) as Profile[]) {
      front.spoil(how());
      const { results } = await run({
        url: front.url,
        profile,
        manner: 'tolerant',
        checks: BY_PROFILE[profile],
        concurrency: 8,
      });
      for (const { check, findings } of results)
        for (const { requirement, message } of findings)
          if (!DECIDED.some((each) => each.join(' ') === `${check} ${requirement}`) && !rightly.includes(requirement))
            found.push(`${check} ${requirement}: ${message}`);
    }
    front.spoil(() => {});
    expect(found).toEqual([]);
  });

  it('sees an underscore in the name of the host', async () => {
    const [check] = okta.filter(({ id }) => id === BY_NAME);
    const held: unknown[] = [];
    const holds = (...given: unknown[]) => held.push(given.slice(0, 2)) > 0;
    await check?.run({ server: { url: 'https://my_app.example.com/scim' }, holds } as unknown as Trial);
    await check?.run({ server: { url: 'https://my-app.example.com/a_b' }, holds } as unknown as Trial);
    expect(held).toEqual([
      ['OKTA-24', false],
      ['OKTA-24', true],
    ]);
  });

  it.each(Object.keys(BY_PROFILE) as Profile[])(
    'come to an end on a server that answers nonsense, profile %s',
    async (profile) => {
      const nonsense = [
        '',
        '[]',
        '"text"',
        '{"Resources":{},"id":7,"schemas":"x","meta":[]}',
        '<html>',
        'null',
        '{"Resources":[null,7]}',
      ];
      let count = 0;
      front.spoil((passing) => {
        if (!passing.path.startsWith('/Users?startIndex=1&count=1')) passing.body = nonsense[count++ % nonsense.length];
      });
      const { results } = await run({ url: front.url, profile, checks: BY_PROFILE[profile] });
      front.spoil(() => {});
      const broken = results.filter(({ reason }) => reason?.startsWith(BROKE_OFF));
      expect(broken.map(({ check, reason }) => [check, reason])).toEqual([]);
    },
  );
});

describe('the demands of the field', () => {
  it('have a check each, or a reason why they cannot be seen', () => {
    const looked = new Set([...entra, ...okta, ...dialects].flatMap((each) => each.requirements));
    expect(field.filter(({ id, unseen }) => looked.has(id) === (unseen !== undefined)).map(({ id }) => id)).toEqual([]);
  });

  it('name a public page, and belong to one profile', () => {
    for (const { id, url, profiles } of field) {
      expect(url, id).toMatch(/^https:\/\/[^ ]+$/);
      expect(profiles, id).toHaveLength(1);
    }
  });
});

describe('the sentences of RFC 7643 and RFC 9865', () => {
  it('have a check each, or a reason why they cannot be seen', () => {
    const looked = new Set([...schemas, ...groups, ...cursor].flatMap((each) => each.requirements));
    const ours = requirements.filter(({ id }) => /^RFC(7643|9865)-/.test(id));
    expect(ours.filter(({ id, unseen }) => looked.has(id) === (unseen !== undefined)).map(({ id }) => id)).toEqual([]);
  });
});
