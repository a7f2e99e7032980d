/**
 * That every check can fail: a server of ours, broken in one way at a time, and the checks that must say so. Each mutation runs
 * the checks that it names and a sample of the others, which must stay green. With MUTATIONS=all, it runs them all, which takes
 * some twenty minutes: what `kin` holds was found so.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks as allChecks } from '../../compliance/checks/all.ts';
import type { Result } from '../../compliance/model.ts';
import { requirements as allRequirements } from '../../compliance/requirements/all.ts';
import { BROKE_OFF, runCompliance } from '../../compliance/run.ts';
import type { Check } from '../../compliance/trial.ts';
import { mutations } from './mutations/all.ts';
import { type BrokenServer, startBrokenServer } from './mutations/broken-server.ts';
import { mends } from './mutations/mends.ts';
import { all, type Mutation, USER } from './mutations/mutation.ts';
import { type OwnServer, ownServer } from './own-server.ts';

/** Checks that no mutation turns red, and why. */
const WITHOUT: Record<string, string> = {
  'okta/host': 'it looks at the name of the host alone, which a server cannot rewrite; field.test.ts shows it failing',
};

/** Red for a strict reader whatever is broken: our own server creates the value, as clients in the field need it. */
const DECIDED = 'patch/replace-nothing';

/** In one run, whoever asks for them: those of the RFCs, of Entra ID, Okta and the dialects. */
const checks: readonly Check[] = allChecks.map(({ profiles: _, ...check }) => check);
const requirements = allRequirements.map(({ profiles: _, ...requirement }) => requirement);

/** Of the others, so many with each mutation. */
const SAMPLE = 1;
const isWhole = process.env.MUTATIONS === 'all';

let server: OwnServer;
let broken: BrokenServer;
beforeAll(async () => {
  server = await ownServer();
  broken = await startBrokenServer(server.url);
  await settle(server);
});
afterAll(async () => {
  await broken?.close();
  await server?.close();
});

/** Real data: whoever is there before, and is nobody's to touch. */
async function settle({ url, token }: OwnServer): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' };
  for (const name of ['ada', 'grace', 'hedy', 'mary']) {
    const body = JSON.stringify({ schemas: [USER], userName: `${name}@example.com`, displayName: name });
    expect((await fetch(`${url}/Users`, { method: 'POST', headers, body })).status).toBe(201);
  }
}

const isKin = ({ kin = [] }: Mutation, id: string) =>
  kin.some((each) => (each.endsWith('*') ? id.startsWith(each.slice(0, -1)) : id === each));

const isDecided = ({ manner = 'strict' }: Pick<Mutation, 'manner'>, id: string) =>
  manner === 'strict' && id === DECIDED;

const reds = (results: readonly Result[]) =>
  results.filter(({ verdict }) => verdict === 'FAIL' || verdict === 'WARN').map(({ check }) => check);

/** Others in turn, so that each is among them now and then. */
function sample(mutation: Mutation, index: number): readonly Check[] {
  const others = checks.filter(({ id }) => !mutation.reds.includes(id) && !isKin(mutation, id));
  return Array.from({ length: SAMPLE }, (_, number) => others[(index * SAMPLE + number) % others.length]).flatMap(
    (each) => each ?? [],
  );
}

async function run(
  { name, fault, manner = 'strict' }: Pick<Mutation, 'name' | 'fault' | 'manner'>,
  which: readonly Check[],
) {
  const url = broken.at(all(fault, mends(server.token, name))());
  const { results } = await runCompliance({ url, token: server.token, checks: which, requirements, manner });
  const broke = results.filter(({ reason }) => reason?.startsWith(BROKE_OFF));
  expect(broke.map(({ check, reason }) => `${check}: ${reason}`)).toEqual([]);
  return results;
}

describe('the checks', () => {
  it('have a mutation each, or a reason why not', () => {
    const red = new Set(mutations.flatMap(({ reds }) => reds));
    const missing = checks.map(({ id }) => id).filter((id) => !red.has(id));
    expect(missing).toEqual(Object.keys(WITHOUT));
  });

  it('are there, and the names of the mutations are different ones', () => {
    const ids = new Set(checks.map(({ id }) => id));
    const named = mutations.flatMap(({ reds, kin = [] }) => [...reds, ...kin.filter((each) => !each.endsWith('*'))]);
    expect(named.filter((each) => !ids.has(each))).toEqual([]);
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
    expect(mutations.filter(({ reds }) => reds.length === 0).map(({ name }) => name)).toEqual([]);
  });

  it('are not red without a fault', async () => {
    const tolerant = new Set(mutations.flatMap(({ manner, reds }) => (manner === 'tolerant' ? reds : [])));
    for (const [manner, which] of [
      ['strict', checks],
      ['tolerant', checks.filter(({ id }) => tolerant.has(id))],
    ] as const) {
      const red = reds(await run({ name: 'nothing', fault: all(), manner }, which));
      expect(red.filter((each) => !isDecided({ manner }, each))).toEqual([]);
    }
  });
});

describe.concurrent('a server that is broken so', () => {
  it.each(mutations.map((each, index) => [each.broken, each, index] as const))(
    '%s',
    async (_, mutation, index) => {
      const wanted = checks.filter(({ id }) => mutation.reds.includes(id));
      const results = await run(mutation, isWhole ? checks : [...wanted, ...sample(mutation, index)]);
      const red = reds(results);
      const told = results.map(({ check, verdict, reason }) => `${check} ${verdict} ${reason ?? ''}`).join('\n');
      expect(
        mutation.reds.filter((each) => !red.includes(each)),
        told,
      ).toEqual([]);
      expect(
        red.filter((each) => !mutation.reds.includes(each) && !isKin(mutation, each) && !isDecided(mutation, each)),
      ).toEqual([]);
    },
    120_000,
  );
});
