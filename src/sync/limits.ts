/**
 * Limit groups: calls that share one rate limit, across targets and tenants (the two Qflow systems share one per source
 * address). A 429 stops the whole group for as long as the system says. One process knows its own calls only.
 */
import PQueue from 'p-queue';

export interface LimitGroup {
  /** Runs `call` when the group allows. Urgent calls go before waiting ones. */
  run<T>(urgent: boolean, call: () => Promise<T>): Promise<T>;
  /** Starts no further call for `ms`. */
  hold(ms: number): void;
}

export interface Limits {
  /** The group of that name. Targets may give it different rates: each rate has its queue, a hold stops all. */
  group(name: string, ratePerSecond: number): LimitGroup;
  /** Ends every hold: whoever waits in one is let through to be told that the process stops. */
  release(): void;
}

export function createLimits(): Limits {
  const groups = new Map<string, { queues: Map<number, PQueue>; heldUntil: number }>();

  const release = () => {
    for (const { queues } of groups.values()) for (const queue of queues.values()) queue.start();
  };

  const groupOf = (name: string, ratePerSecond: number): LimitGroup => {
    const group = groups.get(name) ?? { queues: new Map<number, PQueue>(), heldUntil: 0 };
    groups.set(name, group);
    const queue = group.queues.get(ratePerSecond) ?? createQueue(ratePerSecond);
    group.queues.set(ratePerSecond, queue);

    return {
      run: (urgent, call) => queue.add(call, { priority: urgent ? 1 : 0 }),
      hold(ms) {
        group.heldUntil = Math.max(group.heldUntil, performance.now() + ms);
        for (const held of group.queues.values()) held.pause();
        setTimeout(() => {
          if (performance.now() < group.heldUntil - 1) return;
          for (const held of group.queues.values()) held.start();
        }, ms + 1).unref();
      },
    };
  };

  return { group: groupOf, release };
}

function createQueue(ratePerSecond: number): PQueue {
  return ratePerSecond > 0 ? new PQueue({ interval: 1_000 / ratePerSecond, intervalCap: 1 }) : new PQueue();
}
