/**
 * What other people's servers have taught: faults of ours that accused them, or accused them many times of one thing. Each stands
 * here as a way in which a server may be, and what may then be said of it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks as all } from '../../compliance/checks/all.ts';
import type { Run } from '../../compliance/model.ts';
import { BROKE_OFF, type RunOptions, runCompliance } from '../../compliance/run.ts';
import { type Any, type Asked, type Bend, bend, error, filtering, filterOf } from './bending.ts';
import { type Front, startFront } from './front.ts';
import { type OwnServer, ownServer } from './own-server.ts';

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

async function run(how: Omit<Bend, 'sees'>, which: RegExp, options: Partial<RunOptions> = {}): Promise<Run> {
  const checks = all.filter(({ id }) => which.test(id));
  bend(front, { sees: [], ...how }, server.url, server.token);
  const found = await runCompliance({ url: front.url, token: server.token, checks, concurrency: 8, ...options });
  front.spoil(() => {});
  expect(found.results.filter(({ reason }) => reason?.startsWith(BROKE_OFF))).toEqual([]);
  return found;
}

const findings = ({ results }: Run) =>
  results.flatMap(({ check, findings: of }) => of.map(({ requirement }) => `${check} ${requirement}`));
const of = ({ results }: Run, verdict: string) =>
  results.filter((each) => each.verdict === verdict).map(({ check }) => check);

/** One comparison, or several with "and", each of two attributes with a text. */
const PLAIN = /^((urn:\S+User:)?(userName|displayName) eq "([^"\\]|\\.)*")( and (userName|displayName) eq "[^"]*")*$/i;
const declining = (scimType?: string) => (asked: Asked) =>
  asked.path !== '/' && asked.query.has('filter') && !PLAIN.test(filterOf(asked)) ? error(400, scimType) : undefined;

describe('a server', () => {
  it('may decline comparisons, as Table 9 has it, and is not accused of comparing wrongly', async () => {
    const found = await run({ asks: declining('invalidFilter') }, /^(filter|list|sort|search)\//);
    expect(of(found, 'FAIL')).toEqual([]);
    expect(new Set(findings(found).map((each) => each.split(' ')[1]))).toEqual(new Set(['RFC7644-3.4.2.2-33']));
    // Pages need no filter to be looked at.
    expect(of(found, 'PASS')).toEqual(expect.arrayContaining(['list/total', 'list/zero-count', 'filter/equal']));
    expect(of(found, 'SKIP')).toEqual(expect.arrayContaining(['filter/not-equal', 'filter/order', 'list/pages']));
    const tolerant = await run({ asks: declining('invalidFilter') }, /^(filter|list)\//, { manner: 'tolerant' });
    expect(findings(tolerant)).toEqual([]);
  });

  it('that declines without "invalidFilter" is accused of that, not of every operator', async () => {
    const found = await run({ asks: declining() }, /^(filter|list)\//);
    expect(of(found, 'FAIL')).toEqual(['filter/unknown-operator', 'filter/booleans', 'filter/binaries']);
    expect(findings(found).filter((each) => each.startsWith('filter/malformed'))).toEqual([
      'filter/malformed RFC7644-3.12-19',
    ]);
  });

  it('that does not know "sw" is not told that it minds the case of it', async () => {
    const asks = (asked: Asked) => (/ sw /i.test(filterOf(asked)) ? error(400, 'invalidFilter') : undefined);
    const found = await run({ asks }, /^filter\/(name-case|case-insensitive|parts)$/);
    expect(findings(found)).toEqual(['filter/parts RFC7644-3.4.2.2-33']);
  });

  it('may know brackets, and yet not understand one in another', async () => {
    const asks = (asked: Asked) => (filterOf(asked).startsWith('((') ? error(400, 'invalidFilter') : undefined);
    expect(findings(await run({ asks }, /^filter\/grouping$/))).toEqual(['filter/grouping RFC7644-3.4.2.2-21']);
  });

  it('may work the formatted name out of the displayName', async () => {
    const found = await run(
      {
        answers: ({ body }) => {
          if (body?.name && body.displayName) body.name.formatted = body.displayName;
        },
      },
      /^users\/names$/,
    );
    expect(findings(found)).toEqual([]);
    expect(of(found, 'PASS')).toEqual(['users/names']);
  });

  it('may sort addresses by their attribute alone', async () => {
    const asks = ({ query }: Asked) => {
      if (query.get('sortBy') === 'emails.value') query.delete('sortBy');
      else if (query.get('sortBy') === 'emails') query.set('sortBy', 'emails.value');
      return undefined;
    };
    expect(of(await run({ asks }, /^sort\/values$/), 'PASS')).toEqual(['sort/values']);
  });

  it('that adds a value twice is not accused of the time at which it did so', async () => {
    const asks = ({ method, sent }: Asked) => {
      const [operation] = method === 'PATCH' ? (sent?.Operations ?? []) : [];
      if (operation?.op === 'add' && Array.isArray(operation.value))
        for (const each of operation.value) each.value = `again-${each.value}`;
      return undefined;
    };
    expect(findings(await run({ asks }, /^patch\/add-again$/))).toEqual(['patch/add-again RFC7644-3.5.2.1-7']);
  });

  it('that loses a part of a name once is told so once', async () => {
    const asks = ({ method, sent }: Asked) => {
      const [operation] = method === 'PATCH' ? (sent?.Operations ?? []) : [];
      if (operation?.path === 'name') sent.Operations = [{ op: 'remove', path: 'name' }, operation];
      return undefined;
    };
    expect(findings(await run({ asks }, /^patch\/replace-complex$/))).toEqual([
      'patch/replace-complex RFC7644-3.5.2.3-6',
    ]);
  });

  it('that puts a member in twice is told so once', async () => {
    const answers = ({ body }: { body?: Any }, { memory, method, sent }: Asked) => {
      if (method === 'PATCH' && sent?.Operations?.[0]?.op === 'add') memory.twice = true;
      if (memory.twice && Array.isArray(body?.members)) body.members.push(body.members[0]);
    };
    const found = await run({ answers }, /^dialects\/member-again$/, { profile: 'dialects' });
    expect(findings(found)).toEqual(['dialects/member-again DIALECT-12']);
  });

  it('that ignores count is told so where it matters, and not by every check that pages', async () => {
    const asks = ({ query }: Asked) => void query.delete('count');
    const found = await run({ asks }, /^(list|sort)\//);
    expect(of(found, 'FAIL')).toEqual(['list/count', 'list/zero-count']);
    expect(of(found, 'SKIP')).toEqual(expect.arrayContaining(['list/pages', 'sort/pages']));
  });

  it('that ignores `attributes` in a POST is shown the POST', async () => {
    const asks = ({ method, query }: Asked) => {
      if (method === 'POST') query.delete('attributes');
      return undefined;
    };
    const { results } = await run({ asks }, /^projection\/writes$/);
    const shown = results.flatMap(({ findings: each, exchanges }) =>
      each.map(({ exchange }) => exchanges[exchange ?? -1]?.method),
    );
    expect(shown).toEqual(['POST']);
  });

  it('that is lax with filters everywhere is not told so of .search again', async () => {
    const lax = (filter: string) => (filter === 'userName eq' ? 'userName eq "x"' : filter);
    const asks = ({ query, sent }: Asked) => {
      if (query.has('filter')) query.set('filter', lax(query.get('filter') ?? ''));
      if (sent?.filter) sent.filter = lax(sent.filter);
      return undefined;
    };
    expect(findings(await run({ asks }, /^search\/filter$/))).toEqual([]);
  });

  it('that knows no URNs in filters is not told so of their capitals', async () => {
    const found = await run({ asks: filtering(/^urn:.*/i, 'userName eq "x"') }, /^filter\/urns$/);
    expect(findings(found)).toEqual(['filter/urns RFC7644-3.10-1']);
  });

  it('without discovery may say so in JSON, and is not read as describing itself', async () => {
    const asks = ({ path }: Asked) =>
      /^\/(Schemas|ResourceTypes|ServiceProviderConfig)/.test(path)
        ? { status: 404, body: { error: 'Not found' } }
        : undefined;
    const found = await run({ asks }, /^(discovery|schemas\/published|list)\//);
    expect(of(found, 'FAIL')).toEqual(['discovery/service-provider-config', 'discovery/schemas', 'discovery/types']);
    expect(found.server).toContain('--force');
    expect(of(found, 'PASS')).toContain('list/total');
  });
});
