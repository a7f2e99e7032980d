/**
 * Looks at the sandbox all the time: when a removal has had its effect, and whose record each is. A record of one person
 * that becomes another's is noted at once, for it cannot be seen in the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { History, Out } from './history.ts';
import { holdings } from './holdings.ts';
import type { SandboxControl } from './sandbox.ts';
import type { Violation } from './violation.ts';

export interface Watch {
  /** Remote id -> marker of the first person seen there. */
  owners: ReadonlyMap<string, string>;
  violations: readonly Violation[];
  /** Milliseconds from the answer that took something away to its being gone. */
  delays: readonly number[];
  /** How many removals were taken back before they were seen. */
  superseded(): number;
  stop(): Promise<void>;
}

const EVERY_MS = 150;

export function startWatch(sandbox: SandboxControl, history: History): Watch {
  const owners = new Map<string, string>();
  const violations: Violation[] = [];
  const delays: number[] = [];
  let superseded = 0;
  let seen = 0;
  let open: Out[] = [];
  let heldBefore: ReturnType<typeof holdings> = new Map();
  let stopping = false;

  async function look(): Promise<void> {
    // Taken before the look: what it shows is at least as new.
    const outs = history.outs().slice(seen);
    seen += outs.length;
    open = [...open, ...outs].filter((out) => {
      if (out.until === Number.POSITIVE_INFINITY) return true;
      superseded++;
      return false;
    });
    const state = await sandbox.state();
    const now = Date.now();
    for (const [id, marker] of records(state)) {
      const owner = owners.get(id);
      if (owner === undefined) owners.set(id, marker);
      else if (owner !== marker) {
        violations.push({ kind: 'wrong', marker, what: `record ${id} of ${owner} became that of ${marker}` });
        owners.set(id, marker);
      }
    }
    const held = holdings(state);
    open = open.filter((out) => {
      if (held.get(out.marker)?.has(out.key)) return true;
      // What had not yet been given need not be taken away.
      if (!outs.includes(out) || heldBefore.get(out.marker)?.has(out.key)) delays.push(now - out.since);
      return false;
    });
    heldBefore = held;
  }

  const running = (async () => {
    while (!stopping) {
      await look();
      await sleep(EVERY_MS);
    }
    await look();
  })();

  return {
    owners,
    violations,
    delays,
    superseded: () => superseded,
    async stop() {
      stopping = true;
      await running;
    },
  };
}

function records({ users, teamMembers }: Awaited<ReturnType<SandboxControl['state']>>): [string, string][] {
  return [...users, ...teamMembers].map(({ id = '', lastName = '' }) => [id, lastName]);
}
