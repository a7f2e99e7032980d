/**
 * Limit groups: calls that share one rate limit, across targets and tenants (the two Qflow systems share one per source
 * address). A 429 stops the whole group for as long as the system says. Targets take turns, and of one with many calls
 * waiting nobody else waits for more than its turn. One process knows its own calls only.
 */

export interface LimitGroup {
  /** Runs `call` when the group allows. */
  run<T>(urgent: boolean, call: () => Promise<T>): Promise<T>;
  /** Starts no further call for `ms`. */
  hold(ms: number): void;
}

export interface Limits {
  /** The group of that name, for one of its targets. Where targets name different rates the lowest holds for all. */
  group(name: string, ratePerSecond: number, targetId: string): LimitGroup;
  /** Only these targets are left: what others asked for holds no more. */
  keep(targetIds: ReadonlySet<string>): void;
  /** Ends every hold: whoever waits in one is let through to be told that the process stops. */
  release(): void;
}

interface Member {
  /** 0: no limit. */
  rate: number;
  urgent: (() => void)[];
  ordinary: (() => void)[];
}

export function createLimits(): Limits {
  const groups = new Map<string, Group>();
  return {
    group(name, ratePerSecond, targetId) {
      for (const group of groups.values()) group.retire(targetId);
      const group = groups.get(name) ?? new Group();
      groups.set(name, group);
      return group.join(targetId, ratePerSecond);
    },
    keep(targetIds) {
      for (const group of groups.values()) group.keep(targetIds);
    },
    release() {
      for (const group of groups.values()) group.release();
    },
  };
}

class Group {
  /** In the order of their turns: who was served last stands at the end. */
  readonly #members = new Map<string, Member>();
  #nextAt = 0;
  #heldUntil = 0;
  #released = false;
  #urgentTurn = false;
  #timer: NodeJS.Timeout | undefined;

  join(targetId: string, rate: number): LimitGroup {
    const member = this.#members.get(targetId) ?? { rate, urgent: [], ordinary: [] };
    member.rate = rate;
    this.#members.set(targetId, member);
    return {
      run: (urgent, call) =>
        new Promise((resolve, reject) => {
          (urgent ? member.urgent : member.ordinary).push(() => void call().then(resolve, reject));
          this.#members.set(targetId, member);
          this.#serve();
        }),
      hold: (ms) => {
        this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms);
      },
    };
  }

  retire(targetId: string): void {
    const member = this.#members.get(targetId);
    if (member) member.rate = 0;
  }

  keep(targetIds: ReadonlySet<string>): void {
    for (const [id, { urgent, ordinary }] of this.#members) {
      if (targetIds.has(id)) continue;
      if (urgent.length + ordinary.length === 0) this.#members.delete(id);
      else this.retire(id);
    }
  }

  release(): void {
    this.#released = true;
    this.#serve();
  }

  #serve(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const now = performance.now();
      const wait = Math.max(this.#nextAt, this.#released ? 0 : this.#heldUntil) - now;
      if (wait > 0 && this.#isWaiting()) {
        this.#timer = setTimeout(() => this.#serve(), wait + 1);
        return;
      }
      const call = this.#next();
      if (!call) return;
      this.#nextAt = now + this.#gapMs();
      call();
    }
  }

  /** Every other turn is for what is urgent anywhere, so that it waits for nobody's import, nor anybody for its drain. */
  #next(): (() => void) | undefined {
    this.#urgentTurn = !this.#urgentTurn;
    const members = [...this.#members];
    const urgent = this.#urgentTurn ? members.find(([, member]) => member.urgent.length > 0) : undefined;
    const turn = urgent ?? members.find(([, member]) => member.urgent.length + member.ordinary.length > 0);
    if (!turn) return undefined;
    const [id, member] = turn;
    this.#members.delete(id);
    this.#members.set(id, member);
    return urgent ? member.urgent.shift() : (member.ordinary.shift() ?? member.urgent.shift());
  }

  #isWaiting(): boolean {
    return [...this.#members.values()].some(({ urgent, ordinary }) => urgent.length + ordinary.length > 0);
  }

  #gapMs(): number {
    const rates = [...this.#members.values()].flatMap(({ rate }) => (rate > 0 ? [rate] : []));
    return rates.length === 0 ? 0 : 1_000 / Math.min(...rates);
  }
}
