/** One process of the engine as the dispatcher drives it, except that the test decides when each part of it goes on. */
import { type Account, dueTargets, keyOf, rescue } from '../../src/sync/accounts/accounts.ts';
import { claim, claimOf, freeForgotten, release } from '../../src/sync/accounts/claims.ts';
import { createLeases } from '../../src/sync/accounts/leases.ts';
import { fanOut } from '../../src/sync/fan-out/fan-out.ts';
import { createLanes, type Lane, type LanesOptions } from '../../src/sync/lanes/lanes.ts';
import { longestEffect } from '../../src/sync/lanes/pace.ts';
import { work } from '../../src/sync/work/work.ts';
import { type Clock, startTask, stop, stoppingStore, type Task } from './engine-clock.ts';
import type { Caller } from './engine-remote.ts';

export interface Round {
  /** Reads the targets again. */
  refresh: boolean;
  /** Frees what it holds and does not work on. */
  sweep: boolean;
  fanOut: boolean;
  /** The most accounts that it claims. */
  room: number;
}

export interface EngineProcess {
  frozen: boolean;
  freezes: number;
  tasks(): Task[];
  callerOf(task: Task): Caller | undefined;
  /** Nothing where the last one is still under way: it is one loop. */
  round(round: Round): Promise<void>;
  beat(): Promise<void>;
  /** Its clock was set: until its next beat others may take it for dead. */
  clockWasSet(): void;
  /** It has not beaten since. */
  unbeaten(): boolean;
}

export async function startProcess(
  number: number,
  options: Omit<LanesOptions, 'onCall' | 'onBroken'>,
  clock: Clock,
  onViolation: (what: string) => void,
  onError: (error: unknown) => void,
): Promise<EngineProcess> {
  const store = stoppingStore(options.store, clock);
  const lanes = createLanes({
    ...options,
    store,
    onCall: () => {},
    onBroken: (_, problem) => onViolation(String(problem)),
  });
  const leases = await createLeases(store, () => clock.monotonic);
  const held = new Set<string>();
  const callers = new Map<Task, Caller>();
  let tasks: Task[] = [];
  let unbeaten = false;
  let looping: Task | undefined;
  let beating: Task | undefined;

  const times = () => ({
    callMs: Math.max(0, ...lanes.all().map(({ pace }) => pace.callTimeoutMs)),
    effectMs: Math.max(0, ...lanes.all().map(({ pace }) => longestEffect(pace))),
  });
  const beatOnce = async () => {
    unbeaten = false;
    await leases.beat(times());
    await rescue(store, 2 * Math.max(86_400_000, ...lanes.all().map(({ pace }) => pace.backoffMaxMs)));
  };
  await lanes.refresh();
  await beatOnce();

  const start = async (name: string, run: () => Promise<void>) => {
    const task = await startTask(`process ${number}: ${name}`, run, onError);
    task.excused ||= unbeaten;
    tasks = [...tasks.filter(({ finished }) => !finished), task];
    return task;
  };

  /** As the call begins the lease must be this pass's own. */
  const holds = async (account: Account, task: Task) => {
    const row = await options.store.read
      .selectFrom('accounts')
      .select(['lease_owner', 'lease_epoch'])
      .where('tenant', '=', account.tenant)
      .where('target_id', '=', account.target_id)
      .where('user_id', '=', account.user_id)
      .executeTakeFirst();
    const isHeld = row?.lease_owner === account.lease_owner && row.lease_epoch === account.lease_epoch;
    if (!isHeld && !task.excused) onViolation(`${task.name} begins a call without the lease (${JSON.stringify(row)})`);
  };

  const workOn = async (lane: Lane, account: Account) => {
    const task = await start(`pass for ${account.user_id.slice(-4)}`, async () => {
      try {
        if ((await stop('begin')) === 'give-back') return await release(store, account);
        await work(store, leases, lane, account);
      } finally {
        held.delete(claimOf(account));
      }
    });
    callers.set(task, {
      process: number,
      account: keyOf(account),
      freezes: () => process.freezes,
      onCall: () => holds(account, task),
    });
  };

  const process: EngineProcess = {
    frozen: false,
    freezes: 0,
    tasks: () => {
      tasks = tasks.filter(({ finished }) => !finished);
      return tasks;
    },
    callerOf: (task) => callers.get(task),
    async round(round) {
      if (looping && !looping.finished) return;
      looping = await start('round', async () => {
        if (round.refresh) await lanes.refresh();
        if (round.sweep) await freeForgotten(store, leases.processId, held, times().effectMs);
        if (round.fanOut) await fanOut(store, lanes);
        for (const lane of lanes.all()) {
          const due = await dueTargets(store, [lane.targetId], await store.now());
          if (!due.has(lane.targetId) || round.room === 0) continue;
          for (const account of await claim(store, lane, leases.processId, round.room)) {
            held.add(claimOf(account));
            await workOn(lane, account);
          }
        }
      });
    },
    async beat() {
      if (beating && !beating.finished) return;
      beating = await start('beat', beatOnce);
    },
    unbeaten: () => unbeaten,
    clockWasSet() {
      unbeaten = true;
      for (const task of tasks) task.excused = true;
    },
  };
  return process;
}
