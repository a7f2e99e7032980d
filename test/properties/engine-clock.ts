/**
 * Several processes in one: each piece of work stops at every place where a real one may be interrupted (before it reads
 * the clock, before it writes, before a call and before its answer) until the test lets it go on. Only one moves at a time,
 * so the same commands give the same run.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'kysely';
import { StoreUnavailable } from '../../src/store/errors.ts';
import { watchSetBacks } from '../../src/store/set-backs.ts';
import type { Store } from '../../src/store/store.ts';

/** What goes wrong at the next stop. The store refuses a write, or does it and the answer is lost; the rest is a call's. */
export type Trouble =
  | 'none'
  | 'refused'
  | 'lost-commit'
  | 'give-back'
  | 'lost'
  | 'late'
  | '500'
  | '500-after'
  | 'rejected';

export interface Clock {
  /** As the database tells it. It can be set. */
  wall: number;
  /** It cannot. */
  monotonic: number;
}

/** A piece of work of one process: a round, a beat, a pass over an account. */
export interface Task {
  readonly name: string;
  finished: boolean;
  /** Where it stands. */
  at: string;
  /** Lets it go on to its next stop, or its end. */
  step(trouble: Trouble): Promise<void>;
  /** The clock was set while it held its lease, so that others may have taken it for dead. */
  excused: boolean;
  /** Nothing may befall it any more: what it sent after it woke is known to it alone. */
  spared: boolean;
}

const running = new AsyncLocalStorage<{ stop: (at: string) => Promise<Trouble>; task: Task }>();

/** The task that asks; undefined in the test itself, which nothing interrupts. */
export function currentTask(): Task | undefined {
  return running.getStore()?.task;
}

export async function stop(at: string): Promise<Trouble> {
  return (await running.getStore()?.stop(at)) ?? 'none';
}

/** Begins `work`, which stands at its first stop when this resolves. */
export async function startTask(
  name: string,
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<Task> {
  let waiting: ((trouble: Trouble) => void)[] = [];
  let arrived = Promise.withResolvers<void>();
  const task: Task = {
    name,
    finished: false,
    at: 'start',
    excused: false,
    spared: false,
    async step(trouble) {
      const going = waiting;
      waiting = [];
      arrived = Promise.withResolvers<void>();
      // Reads side by side come to one stop each.
      for (const go of going) go(trouble);
      await arrived.promise;
    },
  };
  const stopHere = (at: string) => {
    task.at = at;
    const { promise, resolve } = Promise.withResolvers<Trouble>();
    waiting.push(resolve);
    arrived.resolve();
    return promise;
  };
  void running.run({ stop: stopHere, task }, async () => {
    await work().catch(onError);
    task.finished = true;
    arrived.resolve();
  });
  await arrived.promise;
  return task;
}

/** The real store, with the test's clock and a stop before everything that another process could see. */
export function stoppingStore(store: Store, clock: Clock): Store {
  const setBacks = watchSetBacks();
  return {
    ...store,
    setBacks: setBacks.count,
    // Several processes share the database, which the rules for SQLite rule out.
    kind: 'postgres',
    dialect: { ...store.dialect, now: () => sql`cast(${clock.wall} as bigint)` },
    async now() {
      await stop('clock');
      return setBacks.note(clock.wall);
    },
    async write(work) {
      const task = currentTask();
      const trouble = await stop('write');
      if (trouble === 'refused' && !task?.spared) throw new StoreUnavailable('refused by the test');
      const result = await store.write(work);
      if (trouble === 'lost-commit' && !task?.spared) throw new StoreUnavailable('the answer was lost by the test');
      return result;
    },
  };
}
