import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PATCH_OP_URN } from '../../src/scim/patch.ts';
import { startLinkspan } from '../linkspan.ts';
import { GROUP_TYPE, USER_TYPE } from '../scim/fixtures.ts';
import { operationOn } from './patch-operations.ts';
import { bodyOf } from './resources.ts';
import { figures, runs, SEED, TIMEOUT } from './runs.ts';
import { fewValuesOf } from './values.ts';

it.each(['sqlite', 'postgres'] as const)(
  'a PATCH that fails leaves the resource as it was, version and all, and one that changes it raises the version (%s)',
  async (kind) => {
    const { scim } = await startLinkspan({ kind, targets: [] });
    const counts = { refused: 0, changed: 0, unchanged: 0 };
    for (const type of [USER_TYPE, GROUP_TYPE]) {
      const [body] = fc.sample(bodyOf(type, fewValuesOf), { seed: SEED, numRuns: 1 });
      const named = {
        ...body,
        userName: 'jane',
        ...(type === GROUP_TYPE && { displayName: 'Sales', members: [{ value: 'a' }, { value: 'b' }] }),
      };
      const created = await scim('POST', type.endpoint, named);
      expect(created.status).toBe(201);
      const path = `${type.endpoint}/${created.body.id}`;
      const operations = fc.array(operationOn(type, created.body), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(operations, async (generated) => {
          const before = await scim('GET', path);
          const answer = await scim('PATCH', path, {
            schemas: [PATCH_OP_URN],
            Operations: generated.map(({ operation }) => operation),
          });
          const after = await scim('GET', path);
          expect(after.status).toBe(200);
          if (answer.status === 200) {
            expect(after.body).toEqual(answer.body);
            const version = Number(/\d+/.exec(before.body.meta.version)?.[0]);
            const { meta: _, ...content } = before.body;
            const { meta, ...changed } = after.body;
            const isSame = JSON.stringify(changed) === JSON.stringify(content);
            if (isSame) expect(meta).toEqual(before.body.meta);
            else expect(meta.version).toBe(`W/"${version + 1}"`);
            counts[isSame ? 'unchanged' : 'changed']++;
          } else {
            expect(answer.status).toBe(400);
            expect(after.body).toEqual(before.body);
            expect(after.headers.get('etag')).toBe(before.headers.get('etag'));
            counts.refused++;
          }
        }),
        runs(30),
      );
    }
    figures(`patches over HTTP ${kind}`, counts);
    expect(counts.refused).toBeGreaterThan(10);
    expect(counts.changed).toBeGreaterThan(5);
  },
  TIMEOUT,
);
