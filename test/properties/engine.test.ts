/**
 * "State, not events" holds however the statements that make it so are interleaved: processes that work step by step,
 * freeze beyond their leases, die, and lose the database's answers, on a clock that is set back and forward, against a
 * target that does everything that a target can get wrong.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { type Kind, testDatabase } from '../stores.ts';
import { differences, runDown } from './engine-check.ts';
import { currentTask, type Trouble } from './engine-clock.ts';
import { tinyType } from './engine-remote.ts';
import { createWorld, type Edit, PROCESSES, type World } from './engine-world.ts';
import { figures, runs, TIMEOUT } from './runs.ts';

const TYPES = new Map((['conflict', 'natural'] as const).map((create) => [`tiny-${create}`, tinyType(create)]));
const PEOPLE = 3;

interface Command {
  toString(): string;
  run(world: World): Promise<void>;
}

function command(words: string, run: (world: World) => Promise<void> | void): Command {
  return { toString: () => words, run: async (world) => run(world) };
}

const number = fc.nat({ max: PROCESSES - 1 });
const person = fc.nat({ max: PEOPLE - 1 });

const edit = fc
  .tuple(
    person,
    fc.constantFrom<Edit[]>(
      'create',
      'rename',
      'rename',
      'title',
      'title',
      'deactivate',
      'activate',
      'activate',
      'delete',
      'delete',
      'in-scope',
      'out-of-scope',
      'join',
      'join',
      'leave',
    ),
  )
  .map(([who, what]) => command(`${what} p${who}`, (world) => world.edit(who, what)));

const rules = fc
  .record({ scoped: fc.boolean(), outOfScope: fc.constantFrom('disable', 'delete') })
  .map((next) => command(`rules ${JSON.stringify(next)}`, (world) => world.setRules(next)));

const trouble = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Trouble>('none') },
  {
    weight: 6,
    arbitrary: fc.constantFrom<Trouble[]>(
      'lost',
      'late',
      'late',
      'late',
      '500',
      '500-after',
      'refused',
      'lost-commit',
      'give-back',
    ),
  },
  { weight: 1, arbitrary: fc.constant<Trouble>('rejected') },
);

/** Whether it is of a kind that can happen there. */
function befalls(wrong: Trouble, at: string): boolean {
  if (wrong === 'refused' || wrong === 'lost-commit') return at === 'write';
  if (wrong === 'give-back') return at === 'begin';
  return at.startsWith('before') && !at.startsWith('before GET');
}

const step = fc.tuple(fc.nat({ max: 11 }), fc.integer({ min: 1, max: 20 }), trouble).map(([which, times, wrong]) =>
  command(`step task ${which} x${times} (${wrong})`, async (world) => {
    if (world.tasks().length === 0) await world.round(which, { refresh: true, sweep: false, fanOut: true, room: 2 });
    const tasks = world.tasks();
    const task = tasks[which % Math.max(1, tasks.length)];
    let left = wrong;
    for (let time = 0; task && time < times && !task.finished; time++) {
      const now = befalls(left, task.at) ? left : 'none';
      if (now !== 'none') left = 'none';
      world.log.push(`${task.name}: ${task.at}${now === 'none' ? '' : ` (${now})`}`);
      await task.step(now);
    }
  }),
);

const round = fc
  .record({
    refresh: fc.boolean(),
    sweep: fc.boolean(),
    fanOut: fc.boolean(),
    room: fc.integer({ min: 1, max: 3 }),
    whole: fc.boolean(),
  })
  .chain((parts) => number.map((chosen) => [chosen, parts] as const))
  .map(([number, { whole, ...parts }]) =>
    command(`round of ${number} ${JSON.stringify({ whole, ...parts })}`, async (world) => {
      await world.round(number, parts);
      if (!whole) return;
      const loop = world.tasks().find(({ name }) => name === `process ${number}: round`);
      while (loop && !loop.finished) await loop.step('none');
    }),
  );

const beat = fc.tuple(number, fc.boolean()).map(([number, whole]) =>
  command(`beat of ${number}`, async (world) => {
    await world.beat(number);
    const beating = world.tasks().find(({ name }) => name === `process ${number}: beat`);
    while (whole && beating && !beating.finished) await beating.step('none');
  }),
);

/** All that a process does of its own accord, to the end. */
const serve = fc.tuple(number, fc.boolean(), trouble).map(([chosen, refresh, wrong]) =>
  command(`${chosen} serves (${wrong})`, async (world) => {
    await world.round(chosen, { refresh, sweep: false, fanOut: true, room: 3 });
    let left = wrong;
    const own = () => world.tasks().filter(({ name }) => name.startsWith(`process ${chosen}:`));
    for (let tasks = own(); tasks.length > 0; tasks = own()) {
      for (const task of tasks) {
        const now = befalls(left, task.at) ? left : 'none';
        if (now !== 'none') left = 'none';
        if (!task.finished) await task.step(now);
      }
    }
  }),
);

/** One freezes in the middle of what it does, and another takes its accounts over. */
const usurp = fc
  .tuple(number, number)
  .filter(([frozen, other]) => frozen !== other)
  .map(([frozen, other]) =>
    command(`${frozen} freezes, ${other} takes over`, async (world) => {
      world.freeze(frozen);
      world.thaw(other);
      world.advance(8_000);
      await world.beat(other);
      await world.round(other, { refresh: true, sweep: false, fanOut: true, room: 3 });
      const own = () => world.tasks().filter(({ name }) => /: (beat|round)$/.test(name) && name.includes(`${other}:`));
      for (let tasks = own(); tasks.length > 0; tasks = own()) for (const task of tasks) await task.step('none');
    }),
  );

const advance = fc
  .constantFrom(100, 500, 500, 1_000, 1_000, 3_000, 8_000, 8_000, 700_000)
  .map((ms) => command(`${ms} ms pass`, (world) => world.advance(ms)));

const jump = fc
  .constantFrom(-3_600_000, -300_000, -5_000, 5_000, 86_400_000)
  .map((ms) => command(`the clock is set by ${ms} ms`, (world) => world.jump(ms)));

const freeze = number.map((chosen) => command(`${chosen} freezes`, (world) => world.freeze(chosen)));
const thaw = number.map((chosen) => command(`${chosen} thaws`, (world) => world.thaw(chosen)));
const crash = number.map((chosen) => command(`${chosen} dies`, (world) => world.crash(chosen)));

const commands = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: edit },
    { weight: 3, arbitrary: rules },
    { weight: 30, arbitrary: step },
    { weight: 12, arbitrary: round },
    { weight: 8, arbitrary: serve },
    { weight: 5, arbitrary: usurp },
    { weight: 4, arbitrary: beat },
    { weight: 6, arbitrary: advance },
    { weight: 1, arbitrary: jump },
    { weight: 1, arbitrary: freeze },
    { weight: 5, arbitrary: thaw },
    { weight: 2, arbitrary: crash },
  ),
  { minLength: 30, maxLength: 120, size: 'max' },
);

const setting = fc.record({ create: fc.constantFrom('conflict', 'natural'), contested: fc.constant(false) });

describe.each<[Kind, number]>([
  ['sqlite', 120],
  ['postgres', 15],
])('the engine (%s)', (kind, usual) => {
  let app: App;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    const database = await testDatabase(kind);
    const secretKey = Buffer.alloc(32, 7).toString('base64');
    app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url, LINKSPAN_SECRET_KEY: secretKey }));
    drop = database.drop;
  });
  afterAll(async () => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    await app.close();
    await drop();
  });

  it(
    'ends as wished, however its processes interleave, freeze and die',
    async () => {
      const counts: Record<string, number> = { runs: 0, commands: 0, steps: 0 };
      const add = (name: string, by: number) => {
        counts[name] = (counts[name] ?? 0) + by;
      };
      const network = globalThis.fetch;
      vi.spyOn(Math, 'random').mockReturnValue(0.5);
      await fc.assert(
        fc.asyncProperty(setting, commands, async (chosen, list) => {
          const world = await createWorld(app, TYPES, chosen);
          vi.stubGlobal('fetch', (...call: Parameters<typeof fetch>) =>
            currentTask() ? world.remote.fetch(...call) : network(...call),
          );
          for (const each of list) {
            world.log.push(`# ${each}`);
            await each.run(world);
            if (world.violations.length > 0) break;
          }
          if (world.violations.length === 0) await runDown(app, world);
          const wrong = world.violations.length > 0 ? world.violations : await differences(app, world);
          add('runs', 1);
          add('commands', list.length);
          add('steps', world.log.length);
          for (const [name, times] of Object.entries(world.remote.counts)) add(name, times);
          expect(wrong, world.log.join('\n')).toEqual([]);
        }),
        runs(usual),
      );
      figures(`engine ${kind}`, counts);
    },
    // Each run is some hundred transactions, which a busy machine takes its time for.
    5 * TIMEOUT,
  );
});
