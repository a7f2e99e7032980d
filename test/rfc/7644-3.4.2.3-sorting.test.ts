import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Scim } from '../linkspan.ts';
import { created, expectError } from './answers.ts';
import { KINDS, serveFor } from './provider.ts';

const POPULATION = [
  { userName: 'dora', name: { givenName: 'Barbara' }, externalId: 'b' },
  { userName: 'Bob', name: { givenName: 'james' }, externalId: 'B', emails: [{ value: 'z@example.com' }] },
  { userName: 'alice', externalId: 'a', emails: [{ value: 'm@example.com' }, { value: 'a@example.com' }] },
  {
    userName: 'Carol',
    name: { givenName: 'Ada' },
    emails: [{ value: 'x@example.com' }, { value: 'c@example.com', primary: true }],
  },
];

describe.each(KINDS)('RFC 7644 3.4.2.3 (%s)', (kind) => {
  const tenant = serveFor(kind);
  let scim: Scim;
  beforeAll(async () => {
    scim = await tenant();
    for (const user of POPULATION) {
      await created(scim, '/Users', user);
      await sleep(5); // So that no two were created at the same time.
    }
  });

  const sorted = async (query: string) => {
    const answer = await scim('GET', `/Users?${query}`);
    expect({ status: answer.status, total: answer.body.totalResults }).toEqual({ status: 200, total: 4 });
    return answer.body.Resources.map(({ userName }: { userName: string }) => userName);
  };

  it('RFC 7644 3.4.2.3: ascending is the default, and case does not count unless the attribute is caseExact', async () => {
    expect(await sorted('sortBy=userName')).toEqual(['alice', 'Bob', 'Carol', 'dora']);
    expect(await sorted('sortBy=userName&sortOrder=ascending')).toEqual(['alice', 'Bob', 'Carol', 'dora']);
  });

  it('RFC 7644 3.4.2.3: descending', async () => {
    expect(await sorted('sortBy=userName&sortOrder=descending')).toEqual(['dora', 'Carol', 'Bob', 'alice']);
  });

  it('RFC 7644 3.4.2.3: sortBy=name.givenName, those without one last', async () => {
    expect(await sorted('sortBy=name.givenName')).toEqual(['Carol', 'dora', 'Bob', 'alice']);
  });

  it('RFC 7644 3.4.2.3: those without a value are first when descending', async () => {
    expect(await sorted('sortBy=name.givenName&sortOrder=descending')).toEqual(['alice', 'Bob', 'dora', 'Carol']);
  });

  it('RFC 7644 3.4.2.3: case counts in a caseExact attribute', async () => {
    expect(await sorted('sortBy=externalId')).toEqual(['Bob', 'alice', 'dora', 'Carol']);
  });

  it('RFC 7644 3.4.2.3: a multi-valued attribute sorts by its primary value, or else the first', async () => {
    expect(await sorted('sortBy=emails.value')).toEqual(['Carol', 'alice', 'Bob', 'dora']);
    expect(await sorted('sortBy=emails')).toEqual(['Carol', 'alice', 'Bob', 'dora']);
    expect(await sorted('sortBy=emails.value&sortOrder=descending')).toEqual(['dora', 'Bob', 'alice', 'Carol']);
  });

  it('RFC 7644 3.4.2.3: the names are those of standard attribute notation, in any case', async () => {
    const urn = 'urn:ietf:params:scim:schemas:core:2.0:User';
    expect(await sorted(`sortBy=${urn}:NAME.givenname`)).toEqual(['Carol', 'dora', 'Bob', 'alice']);
  });

  it('RFC 7644 3.4.2.3: by meta.created, which is a time', async () => {
    const latestFirst = POPULATION.map(({ userName }) => userName).reverse();
    expect(await sorted('sortBy=meta.created&sortOrder=descending')).toEqual(latestFirst);
  });

  it('RFC 7644 3.4.2.3: sortOrder has two values', async () => {
    expectError(await scim('GET', '/Users?sortBy=userName&sortOrder=sideways'), 400, 'invalidValue');
  });
});
