/**
 * What a replay sees of the sandboxes: what they hold, and which calls were made in which order. Their ids differ from run
 * to run, so `{DEMO/jane@ex.com}` stands for the id of the record with that name.
 */
import { expect } from 'vitest';
import type { Linkspan, SandboxCall } from './linkspan.ts';
import type { ExpectedSandbox } from './replay-recording.ts';

type State = Record<string, Record<string, Record<string, unknown>[]>>;

export interface Watch {
  /** Waits until the targets are as wanted, then compares what they hold and what was called since the last look. */
  look(expected: ExpectedSandbox): Promise<void>;
}

export async function watch({ sandbox, settled }: Linkspan): Promise<Watch> {
  let names = new Map<string, string>();
  let seen = await sandbox.mark();
  return {
    async look({ holds, calls: chains }) {
      await settled();
      const state = JSON.parse(JSON.stringify(await sandbox.state())) as State;
      const before = names;
      names = namesIn(state);
      if (holds) expect(inOrder(named(state, names)), 'what the sandboxes hold').toMatchObject(holds);

      const recent = (await sandbox.calls()).filter((call) => call.number > seen);
      seen = recent.at(-1)?.number ?? seen;
      // Who was deleted is known by the name before.
      const calls = named(recent.filter(isOfInterest).map(written), new Map([...before, ...names]));
      if (explains(chains, calls)) return;
      const expected = chains.flat();
      const shown = calls.filter((call) => !isRead(call) || expected.includes(call));
      // Never equal, or the chains would explain it: this shows the difference.
      expect(shown, 'the calls, in order').toEqual(expected);
    },
  };
}

/**
 * Whether the calls are the chains, each whole and in its own order. Accounts and targets never wait for each other, so any
 * interleaving of chains will do. Reads may be there that no chain names.
 */
export function explains(chains: readonly (readonly string[])[], calls: readonly string[]): boolean {
  const start = chains.map(() => 0);
  let positions = new Map([[start.join(), start]]);
  for (const call of calls) {
    const next = new Map<string, number[]>();
    for (const [key, position] of positions) {
      if (isRead(call)) next.set(key, position);
      for (const [index, done] of position.entries()) {
        if (chains[index]?.[done] !== call) continue;
        const moved = position.with(index, done + 1);
        next.set(moved.join(), moved);
      }
    }
    positions = next;
  }
  return positions.has(chains.map((chain) => chain.length).join());
}

const isRead = (call: string) => call.startsWith('GET ');

/** When a token is fetched depends on its age, not on what the identity provider sends. */
const isOfInterest = (call: SandboxCall) => !call.path.endsWith('/connect/token');

/** A call that failed is told from one that worked: here none should fail but the reads that find nothing. */
function written({ method, path, status, fault }: SandboxCall): string {
  const isFine = fault === null && ((status ?? 500) < 300 || (method === 'GET' && status === 404));
  return `${method} ${path}${isFine ? '' : ` -> ${fault ?? status}`}`;
}

function namesIn(state: State): Map<string, string> {
  const records = Object.values(state).flatMap((system) => Object.values(system).filter(Array.isArray).flat());
  return new Map(
    records.flatMap(({ id, userName, username, email }) => {
      const name = userName ?? username ?? email;
      return typeof id === 'string' && typeof name === 'string' ? [[id, `{${name}}`]] : [];
    }),
  );
}

function named<T>(value: T, names: ReadonlyMap<string, string>): T {
  let text = JSON.stringify(value);
  for (const [id, name] of names) text = text.replaceAll(id, name);
  return JSON.parse(text) as T;
}

/** Accounts worked on at the same time are created in any order. */
function inOrder(state: State): State {
  const sorted = (records: Record<string, unknown>[]) =>
    Array.isArray(records) ? records.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : records;
  return Object.fromEntries(
    Object.entries(state).map(([system, collections]) => [
      system,
      Object.fromEntries(Object.entries(collections).map(([name, records]) => [name, sorted(records)])),
    ]),
  );
}
