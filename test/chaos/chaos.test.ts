import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from './database.ts';
import { show } from './report.ts';
import { chaos } from './run.ts';

it.each<['sqlite' | 'postgres', number]>([
  ['sqlite', 1],
  ['postgres', 2],
])(
  'loses, doubles and leaves nothing, whatever fails and dies (%s, seed %i)',
  async (store, seed) => {
    const directory = await mkdtemp(path.join(tmpdir(), 'linkspan-chaos-'));
    const database = await openDatabase(store, directory);
    onTestFinished(async () => {
      await database.stop();
      await rm(directory, { recursive: true, force: true });
    });
    const { violations, stories, figures } = await chaos({ ...SHORT, seed, database, directory });
    expect(violations.map(show), JSON.stringify(stories, null, 2)).toEqual([]);
    expect(figures).toMatchObject({ kills: 3, freezes: 1, 'database restarts': store === 'postgres' ? 1 : 0 });
  },
  600_000,
);

const SHORT = {
  users: 40,
  groups: 6,
  kills: 3,
  freezes: 1,
  restarts: 1,
  jumps: 0,
  processes: 1,
  contested: true,
  loadMs: 8_000,
  leastChanges: 120,
  perSecond: 40,
  settleWithinMs: 120_000,
  say: () => {},
};
