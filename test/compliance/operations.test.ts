/** The checks of PUT, PATCH, queries, versions and Bulk: that our own server passes them, and that each can fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks as all } from '../../compliance/checks/all.ts';
import type { Manner, Result } from '../../compliance/model.ts';
import { requirements } from '../../compliance/requirements/all.ts';
import { BROKE_OFF, type RunOptions, runCompliance } from '../../compliance/run.ts';
import { bend } from './bending.ts';
import { CONDITIONS } from './conditions-spoils.ts';
import { type Front, startFront } from './front.ts';
import { OPERATIONS } from './operations-spoils.ts';
import { type OwnServer, ownServer } from './own-server.ts';
import { QUERIES } from './queries-spoils.ts';

const CHECKS = all.filter(({ id }) =>
  /^(replace|patch|list|filter|sort|projection|search|etag|bulk|password|me)\//.test(id),
);
const FAULTS = { ...OPERATIONS, ...QUERIES, ...CONDITIONS };

/** Where our own server does otherwise, by decision: a replace whose filter matches nothing creates the value. */
const DECIDED = ['patch/replace-nothing RFC7644-3.5.2.3-9'];
/** What our own server does not have, or only in sizes that are too large to try. */
const NOT_TRIED = ['replace/immutable', 'patch/immutable', 'projection/request', 'bulk/too-large', 'password/change'];

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

const run = (options: Partial<RunOptions>) =>
  runCompliance({ url: server.url, token: server.token, checks: CHECKS, ...options });
const mannerOf = (pair = ''): Manner => requirements.find(({ id }) => pair.endsWith(` ${id}`))?.manner ?? 'strict';

describe('the checks of operations and queries', () => {
  it.each([
    ['sqlite', 'strict'],
    ['sqlite', 'tolerant'],
    ['postgres', 'strict'],
  ] as const)('find our own server on %s as decided, manner %s', async (kind, manner) => {
    const own = kind === 'sqlite' ? server : await ownServer(kind);
    const { results, leftBehind } = await run({ url: own.url, token: own.token, manner });
    if (own !== server) await own.close();
    const findings = results.flatMap(({ check, findings }) =>
      findings.map(({ requirement }) => `${check} ${requirement}`),
    );
    expect(findings).toEqual(manner === 'strict' ? DECIDED : []);
    expect(leftBehind).toEqual([]);
    // Read tolerantly, a check may have nothing left to look at.
    const isAsked = ({ reason }: Result) => manner === 'strict' || !reason?.startsWith('there was nothing');
    const skipped = results.filter((each) => each.verdict === 'SKIP' && isAsked(each)).map(({ check }) => check);
    expect(skipped.filter((check) => !NOT_TRIED.includes(check))).toEqual([]);
  });

  it('have a fault that they see, for each of their requirements', () => {
    const seen = new Set([...Object.values(FAULTS).flatMap(({ sees }) => sees), ...DECIDED]);
    const wanted = CHECKS.flatMap(({ id, requirements: named }) => named.map((each) => `${id} ${each}`));
    expect(wanted.filter((pair) => !seen.has(pair))).toEqual([]);
  });

  it.each(Object.entries(FAULTS))('see a fault: %s', async (_, fault) => {
    const wanted = new Set(fault.sees.map((pair) => pair.split(' ')[0]));
    const checks = CHECKS.filter(({ id }) => wanted.has(id));
    expect(checks).toHaveLength(wanted.size);
    bend(front, fault, server.url, server.token);
    const { results } = await run({ url: front.url, checks, manner: mannerOf(fault.sees[0]) });
    front.spoil(() => {});
    const found = results.flatMap(({ check, findings }) =>
      findings.map(({ requirement }) => `${check} ${requirement}`),
    );
    expect(found).toEqual(expect.arrayContaining([...fault.sees]));
    expect(results.filter(({ reason }) => reason?.startsWith(BROKE_OFF))).toEqual([]);
  });

  it('come to an end on a server that answers nonsense', async () => {
    const nonsense = [
      '',
      '[]',
      '"text"',
      '{"Resources":{},"id":7,"schemas":"x","meta":[],"Operations":[null,7]}',
      '<html>',
      'null',
      '{"Resources":[null,7,{}],"id":"a","meta":{"version":7},"emails":"x","name":7}',
    ];
    let count = 0;
    front.spoil((passing) => {
      const isMade = passing.status === 201 && count % 2 === 0;
      if (!isMade && !/^\/(Users\?startIndex|Service|Schemas|Resource)/.test(passing.path))
        passing.body = nonsense[count++ % nonsense.length];
    });
    // Much of it is waiting for what does not come.
    const { results } = await run({ url: front.url, concurrency: 24 });
    front.spoil(() => {});
    const broken = results.filter(({ reason }) => reason?.startsWith(BROKE_OFF));
    expect(broken.map(({ check, reason }) => [check, reason])).toEqual([]);
  });
});
