/**
 * Looks at the sandbox all the time: when a removal has had its effect, and whose record each is. A record of one person
 * that becomes another's is noted at once, for it cannot be seen in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { History, Out } from './history.ts';
import type { Json } from './idp.ts';
import { accessKey, grantKey, type Key, recordKey } from './model.ts';
import type { SandboxControl } from './sandbox.ts';
import type { System } from './systems/system.ts';
import type { Violation } from './violation.ts';

export interface Watch {
  /** Remote id -> marker of the person last seen there. */
  owners: ReadonlyMap<string, string>;
  violations: readonly Violation[];
  /** What was taken away, and when a look first showed it gone. */
  seen: readonly Seen[];
  /** How many removals were taken back before they were seen. */
  superseded(): number;
  stop(): Promise<void>;
}

export interface Seen {
  out: Out;
  goneAt: number;
}

const EVERY_MS = 150;
/** Looking must not become the load: at most so large a share of the time. */
const SHARE = 0.1;

export function startWatch(sandbox: SandboxControl, systems: readonly System[], history: History): Watch {
  const owners = new Map<string, string>();
  const violations: Violation[] = [];
  const gone: Seen[] = [];
  let superseded = 0;
  let known = 0;
  let open: Out[] = [];
  let heldBefore = new Map<string, Set<Key>>();
  let heldAt = 0;
  let stopping = false;

  /** What had not yet been given need not be taken away; what was there may have been left from an earlier time. */
  function wasHeld({ marker, key, since }: Out): boolean {
    const isGivenAnew = history.of(marker, key).some((earlier) => earlier.since < since && heldAt < earlier.until);
    return !isGivenAnew && heldBefore.get(marker)?.has(key) === true;
  }

  async function look(): Promise<void> {
    const begunAt = Date.now();
    // Taken before the look: what it shows is at least as new.
    const outs = new Set(history.outs().slice(known));
    known += outs.size;
    open = [...open, ...outs].filter((out) => {
      if (out.until === Number.POSITIVE_INFINITY) return true;
      superseded++;
      return false;
    });
    const state = await sandbox.state();
    const now = Date.now();
    for (const system of systems) {
      for (const { id, marker } of system.held(state)) {
        const owner = owners.get(id);
        if (owner !== undefined && owner !== marker && !system.handsOver) {
          violations.push({ kind: 'wrong', marker, what: `record ${id} of ${owner} became that of ${marker}` });
        }
        owners.set(id, marker);
      }
    }
    const held = holdings(systems, state);
    open = open.filter((out) => {
      if (held.get(out.marker)?.has(out.key)) return true;
      if (!outs.has(out) || wasHeld(out)) gone.push({ out, goneAt: now });
      return false;
    });
    heldBefore = held;
    heldAt = begunAt;
  }

  const running = (async () => {
    while (!stopping) {
      const begun = performance.now();
      await look();
      await sleep(Math.max(EVERY_MS, (performance.now() - begun) / SHARE));
    }
    await look();
  })();
  // Whoever stops it hears of it.
  running.catch(() => {});

  return {
    owners,
    violations,
    seen: gone,
    superseded: () => superseded,
    async stop() {
      stopping = true;
      await running;
    },
  };
}

/** What each person has, in the same words as what they should have. */
function holdings(systems: readonly System[], state: Json): Map<string, Set<Key>> {
  const holdings = new Map<string, Set<Key>>();
  for (const { name, held } of systems) {
    for (const { marker, access, grants, isLeftover } of held(state)) {
      if (isLeftover) continue;
      const keys = holdings.get(marker) ?? new Set();
      keys.add(recordKey(name));
      if (access) keys.add(accessKey(name));
      for (const grant of grants) keys.add(grantKey(name, grant));
      holdings.set(marker, keys);
    }
  }
  return holdings;
}
