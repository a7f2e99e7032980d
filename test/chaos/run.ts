/**
 * One chaos run: an IdP pushes, the sandbox injects faults, connectors are killed and frozen; then all that ends, and what
 * is there must be what was asked for. Nothing of ours is mocked, and the run knows the product by its surfaces alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkDirectory, checkSandbox } from './check.ts';
import { disturb } from './disturb.ts';
import { createHistory } from './history.ts';
import { createIdp, type IdpCounts } from './idp.ts';
import { load } from './load.ts';
import { createWorld, type World } from './model.ts';
import { checkOrder } from './order.ts';
import { runLinkspan } from './processes.ts';
import { createRandom } from './random.ts';
import { type Figures, percentile, show } from './report.ts';
import { LATE_MS } from './sandbox.ts';
import { gauge, whenSettled } from './settled.ts';
import { LEASE_MS, type Stage, setStage, TENANT } from './stage.ts';
import type { Violation } from './violation.ts';
import { startWatch } from './watch.ts';

export interface ChaosOptions {
  seed: number;
  databaseUrl: string;
  /** Empty or not there; the caller removes it. */
  directory: string;
  users: number;
  groups: number;
  kills: number;
  freezes: number;
  processes: number;
  /** The load and the disturbances last about as long. */
  loadMs: number;
  /** Whether names are swapped, and given to others once they are free. */
  contested: boolean;
  /** Changes a second. */
  perSecond: number;
  settleWithinMs: number;
  say: (line: string) => void;
}

export interface ChaosResult {
  violations: Violation[];
  /** What `explain` says of the first people concerned. */
  explanations: string[];
  figures: Figures;
}

const FAULT_RATE = 0.3;
const LANES = 4;
const EXPLAINED = 5;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const violations: Violation[] = [];
  const onCrash = (what: string) => violations.push({ kind: 'crashed', marker: null, what });
  const stage = await setStage({ ...options, onCrash });
  try {
    return await runOn(stage, options, violations);
  } finally {
    await stage.close();
  }
}

async function runOn(stage: Stage, options: ChaosOptions, violations: Violation[]): Promise<ChaosResult> {
  const { sandbox, recorder, fleet, token, events } = stage;
  const { seed, say } = options;
  const counts: IdpCounts = { requests: 0, unanswered: 0, foundDone: 0, refusals: [], onChange: [] };
  const history = createHistory();
  const worlds = Array.from({ length: LANES }, (_, lane) => createWorld(lane, LANES, events));
  const connection = (random = createRandom(seed, 99)) => createIdp(baseOf(stage, random), token, counts);
  const watch = startWatch(sandbox, history);

  await sandbox.faults(FAULT_RATE, seed);
  const stop = new AbortController();
  const loading = worlds.map((world) => {
    const random = createRandom(seed, world.lane);
    const hand = {
      world,
      history,
      random,
      contested: options.contested,
      idp: connection(createRandom(seed, 50 + world.lane)),
    };
    return load(hand, { ...options, lanes: LANES }, stop.signal).catch((error: Error) => {
      violations.push({ kind: 'refused', marker: null, what: error.message });
    });
  });
  const begun = Date.now();
  const everyMs = Math.max(200, options.loadMs / (options.kills + options.freezes + 1));
  const disturbances = { ...options, everyMs, frozenMs: LEASE_MS + 300 };
  const nextChange = () => new Promise<void>((resolve) => counts.onChange.push(resolve));
  const moments = [recorder.nextWrite, nextChange];
  const disturbed = await disturb(fleet, disturbances, moments, createRandom(seed, 98), say);
  await sleep(Math.max(0, begun + options.loadMs - Date.now()));
  stop.abort();
  await Promise.all(loading);
  const loadedMs = Date.now() - begun;
  const { calls, faults } = await sandbox.counts();
  await sandbox.faults(0, seed);
  say(`faults end after ${Math.round(loadedMs / 1_000)} s and ${history.changes()} changes`);

  const urls = fleet.processes.map(({ url }) => url);
  const settledMs = await whenSettled(urls, options.settleWithinMs).catch((error: Error) => {
    violations.push({ kind: 'not settled', marker: null, what: error.message });
    return null;
  });
  const settled = checkSandbox(await sandbox.state(), worlds);
  // A late call that lands now comes after everything was said to be done.
  await sleep(LATE_MS);
  const later = checkSandbox(await sandbox.state(), worlds);
  const isNew = ({ kind, marker, what }: Violation) =>
    !settled.some((known) => known.kind === kind && known.marker === marker && known.what === what);
  violations.push(
    ...settled,
    ...later.filter(isNew).map((late) => ({ ...late, what: `${late.what} (${LATE_MS} ms after it was settled)` })),
  );
  violations.push(...(await checkDirectory(connection(), worlds)));
  await watch.stop();
  const order = checkOrder(recorder.calls, history, watch.owners, disturbed.wakings);
  violations.push(...watch.violations, ...order.violations);
  for (const what of counts.refusals) violations.push({ kind: 'refused', marker: null, what });
  const rejected = await gauge(urls[0] ?? '', 'linkspan_accounts_rejected');

  return {
    violations,
    explanations: await explain(stage, worlds, violations),
    figures: {
      seed,
      users: worlds.flatMap(({ people }) => people).filter(({ id }) => id !== null).length,
      'people ever': worlds.flatMap(({ people }) => people).length,
      groups: worlds.flatMap(({ groups }) => groups).length,
      'IdP requests': counts.requests,
      'IdP changes': history.changes(),
      'unanswered, of these done': `${counts.unanswered}, ${counts.foundDone}`,
      'calls to the sandbox': calls,
      'calls per change': (calls / Math.max(1, history.changes())).toFixed(2),
      faults: Object.entries(faults)
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', '),
      kills: disturbed.kills,
      freezes: disturbed.freezes,
      'load lasted': `${(loadedMs / 1_000).toFixed(1)} s`,
      'time to converge': settledMs === null ? 'did not' : `${(settledMs / 1_000).toFixed(1)} s`,
      removals: `${watch.delays.length} seen, ${watch.superseded()} taken back before`,
      'removal to effect': `p50 ${percentile(watch.delays, 0.5)}, p99 ${percentile(watch.delays, 0.99)}`,
      'accounts rejected': rejected.map((line) => line.split(' ').at(-1)).join(', '),
      'late calls of woken processes': order.excused,
      violations: violations.length,
    },
  };
}

/** A process that is up, drawn each time; where none is, one that will not answer at once. */
function baseOf({ fleet }: Stage, random: ReturnType<typeof createRandom>): () => string {
  return () => {
    const up = fleet.processes.filter(({ state }) => state === 'up');
    const { url } = random.pick(up.length > 0 ? up : fleet.processes);
    return `${url}/tenants/${TENANT}/scim/v2`;
  };
}

async function explain({ env }: Stage, worlds: readonly World[], violations: readonly Violation[]): Promise<string[]> {
  const markers = [...new Set(violations.flatMap(({ marker }) => marker ?? []))].slice(0, EXPLAINED);
  const people = worlds.flatMap((world) => world.people).filter(({ marker }) => markers.includes(marker));
  const explanations: string[] = [];
  for (const person of people) {
    const said = await runLinkspan(['explain', person.id ?? person.formerIds.at(-1) ?? '', '--tenant', TENANT], env);
    const about = violations.filter(({ marker }) => marker === person.marker).map(show);
    explanations.push([...about, JSON.stringify(person), said].join('\n'));
    // Who stands in the way is half of the reason.
    for (const [, holder = ''] of said.matchAll(/held by the account of user ([0-9a-f-]{36})/g)) {
      explanations.push(await runLinkspan(['explain', holder, '--tenant', TENANT], env));
    }
  }
  return explanations;
}
