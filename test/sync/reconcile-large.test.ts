/** What a run holds in memory does not grow with the target. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { runNow, seed, seededRecords, withPeople } from './reconciling.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapMiB(): number {
  collect();
  return process.memoryUsage().heapUsed / 1_048_576;
}

it.each(['sqlite', 'postgres'] as const)(
  'five thousand records of 8 KB are compared in bounded memory (%s)',
  async (kind) => {
    const COUNT = 5_000;
    const { app, lane } = await withPeople([], { kind, targets: ['dashboard'] });
    const dashboard = await lane('dashboard');
    await seed(app, dashboard, COUNT);
    const list = () => seededRecords(COUNT, 8_000);
    let looks = 0;
    let most = 0;
    const before = heapMiB();
    const { run } = await runNow(
      app,
      { ...dashboard, connection: { ...dashboard.connection, list } },
      {
        onProgress: () => {
          // All that is held at one of these moments is held by the run.
          if (looks++ % 8 === 0) most = Math.max(most, heapMiB());
        },
      },
    );
    expect(run).toMatchObject({ state: 'done', listed: COUNT, counts: { inOrder: COUNT, notJudged: 0 } });
    // Held as a whole they would be 40 MiB and more.
    expect(most - before).toBeLessThan(20);
  },
  120_000,
);
