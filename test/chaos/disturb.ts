/**
 * Kills connectors and freezes them beyond their leases, at moments drawn from the seed: half of them just as something is
 * under way, from the IdP or to the sandbox.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkspanProcess } from './processes.ts';
import type { Random } from './random.ts';

export interface Disturbances {
  kills: number;
  freezes: number;
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
}

export interface Disturbed {
  kills: number;
  freezes: number;
  /** When processes were woken. */
  wakings: number[];
}

/** @param moments each resolves when something is under way that is worth being cut. */
export async function disturb(
  fleet: Fleet,
  options: Disturbances,
  moments: readonly (() => Promise<void>)[],
  random: Random,
  say: (line: string) => void,
): Promise<Disturbed> {
  const done: Disturbed = { kills: 0, freezes: 0, wakings: [] };
  const plan = shuffled([...Array(options.kills).fill('kill'), ...Array(options.freezes).fill('freeze')], random);
  for (const what of plan) {
    await sleep(options.everyMs * (0.5 + random()));
    const victim = random.below(fleet.processes.length);
    const inTheAct = random.chance(0.5);
    if (inTheAct) await Promise.race([random.pick(moments)(), sleep(2_000)]);
    await sleep(random.below(inTheAct ? 5 : 50));
    if (what === 'kill') {
      await kill(fleet, victim, random);
      done.kills++;
    } else {
      await freeze(fleet, victim, options.frozenMs, random, done);
      done.freezes++;
    }
    say(`${what} ${done.kills + done.freezes} of ${plan.length}`);
  }
  return done;
}

async function kill(fleet: Fleet, victim: number, random: Random): Promise<void> {
  await fleet.processes[victim]?.kill();
  await sleep(random.below(400));
  fleet.processes[victim] = await fleet.start();
}

/** Where processes share a database others go on meanwhile; the only one is replaced, and killed soon after it woke. */
async function freeze(fleet: Fleet, victim: number, frozenMs: number, random: Random, done: Disturbed): Promise<void> {
  const frozen = fleet.processes[victim];
  if (!frozen) return;
  frozen.freeze();
  const isReplaced = fleet.shared && fleet.processes.length === 1;
  if (isReplaced) fleet.processes[victim] = await fleet.start();
  await sleep(frozenMs + random.below(1_000));
  frozen.wake();
  done.wakings.push(Date.now());
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
