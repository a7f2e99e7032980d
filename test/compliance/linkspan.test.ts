/** What we ask of others we are asked ourselves: every profile, on both stores, with the waivers that we publish and no other. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manner, Profile, Waiver } from '../../compliance/model.ts';
import { PROFILES } from '../../compliance/profiles.ts';
import { outcomeOf } from '../../compliance/reports/score.ts';
import { runCompliance } from '../../compliance/run.ts';
import type { Kind } from '../stores.ts';
import { type OwnServer, ownServer } from './own-server.ts';

const WAIVERS = new URL('../../compliance/linkspan.waivers.json', import.meta.url);

describe.each<Kind>(['sqlite', 'postgres'])('Linkspan on %s', (kind) => {
  let server: OwnServer;
  let waivers: Waiver[];
  beforeAll(async () => {
    waivers = JSON.parse(await readFile(WAIVERS, 'utf8'));
    server = await ownServer(kind);
  });
  afterAll(() => server.close());

  it.each(Object.keys(PROFILES) as Profile[])(
    'meets every MUST and SHOULD of the profile %s',
    async (profile) => {
      const run = await runCompliance({ ...server, profile, waivers });
      const unmet = run.results.filter((result) => ['FAIL', 'WARN'].includes(outcomeOf(result)));
      expect(unmet.flatMap(({ check, findings }) => findings.map(({ message }) => `${check}: ${message}`))).toEqual([]);
      expect(run.results.some(({ verdict }) => verdict === 'PASS')).toBe(true);
      expect(run.results.flatMap(({ check, reason }) => (reason?.includes('broke off') ? [check] : []))).toEqual([]);
      expect(run.leftBehind).toEqual([]);
    },
    120_000,
  );

  it.each<Manner>(['strict', 'tolerant'])(
    'needs its waivers, and no other, in the manner %s',
    async (manner) => {
      const run = await runCompliance({ ...server, profile: 'rfc', manner });
      const unmet = new Set(run.results.flatMap(({ findings }) => findings.map(({ requirement }) => requirement)));
      const waived = new Set(waivers.map(({ requirement }) => requirement));
      expect([...unmet].filter((id) => !waived.has(id))).toEqual([]);
      if (manner === 'strict') expect([...waived].filter((id) => !unmet.has(id))).toEqual([]);
    },
    120_000,
  );
});
