/**
 * Kills connectors and freezes them beyond their leases, restarts the database, sets clocks, at moments drawn from the seed:
 * half of them just as something is under way, from the IdP or to the sandbox.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunDatabase } from './database.ts';
import type { LinkspanProcess } from './processes.ts';
import type { Random } from './random.ts';

export interface Disturbances {
  kills: number;
  freezes: number;
  /** Of the database, where it can be. */
  restarts: number;
  /** Of a connector's wall clock, forward or back. */
  jumps: number;
  /** The mean time between two, in milliseconds. */
  everyMs: number;
  /** Longer than a lease. */
  frozenMs: number;
}

export interface Fleet {
  processes: LinkspanProcess[];
  /** Starts one more connector on the same database. */
  start(): Promise<LinkspanProcess>;
  /** Whether a second process may work while the first is frozen. */
  shared: boolean;
  /** Told when another process is up, or one is not any more. */
  onChange: () => void;
}

/** Milliseconds since the epoch. */
export interface Disturbance {
  kind: 'kill' | 'freeze' | 'restart' | 'jump';
  from: number;
  to: number;
}

const MINUTE_MS = 60_000;
const JUMPS_MS = [-60, -10, -1, 0, 1, 10, 60].map((minutes) => minutes * MINUTE_MS);

/** @param moments each resolves when something is under way that is worth being cut. */
export async function disturb(
  fleet: Fleet,
  restart: RunDatabase['restart'],
  options: Disturbances,
  moments: readonly (() => Promise<void>)[],
  random: Random,
  say: (line: string) => void,
): Promise<Disturbance[]> {
  const done: Disturbance[] = [];
  const actions: Record<Disturbance['kind'], (victim: number) => Promise<unknown>> = {
    kill: (victim) => kill(fleet, victim, random),
    freeze: (victim) => freeze(fleet, victim, options.frozenMs, random),
    restart: async () => restart?.(random.pick(['SIGINT', 'SIGQUIT'])),
    jump: async (victim) => fleet.processes[victim]?.setClock(random.pick(JUMPS_MS)),
  };
  const plan = shuffled(
    [
      ...Array<'kill'>(options.kills).fill('kill'),
      ...Array<'freeze'>(options.freezes).fill('freeze'),
      ...Array<'restart'>(restart ? options.restarts : 0).fill('restart'),
      ...Array<'jump'>(options.jumps).fill('jump'),
    ],
    random,
  );
  for (const kind of plan) {
    await sleep(options.everyMs * (0.5 + random()));
    const victim = random.below(fleet.processes.length);
    const inTheAct = random.chance(0.5);
    if (inTheAct) await Promise.race([random.pick(moments)(), sleep(2_000)]);
    await sleep(random.below(inTheAct ? 5 : 50));
    const from = Date.now();
    await actions[kind](victim);
    done.push({ kind, from, to: Date.now() });
    say(`${kind} (${done.length} of ${plan.length})`);
  }
  for (const process of fleet.processes) process.setClock(0);
  return done;
}

async function kill(fleet: Fleet, victim: number, random: Random): Promise<void> {
  const killed = fleet.processes[victim]?.kill();
  fleet.onChange();
  await killed;
  await sleep(random.below(400));
  fleet.processes[victim] = await fleet.start();
  fleet.onChange();
}

/** Where processes share a database others go on meanwhile; the only one is replaced, and killed soon after it woke. */
async function freeze(fleet: Fleet, victim: number, frozenMs: number, random: Random): Promise<void> {
  const frozen = fleet.processes[victim];
  if (!frozen) return;
  frozen.freeze();
  fleet.onChange();
  const isReplaced = fleet.shared && fleet.processes.length === 1;
  if (isReplaced) {
    fleet.processes[victim] = await fleet.start();
    fleet.onChange();
  }
  await sleep(frozenMs + random.below(1_000));
  frozen.wake();
  fleet.onChange();
  if (!isReplaced) return;
  await sleep(1_000 + random.below(1_000));
  await frozen.kill();
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((value) => ({ value, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
