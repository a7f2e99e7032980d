/**
 * One chaos run: an IdP pushes, the sandbox injects faults, connectors are killed and frozen; then all that ends, and what
 * is there must be what was asked for. Nothing of ours is mocked, and the run knows the product by its surfaces alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { checkActions, openActions } from './check-actions.ts';
import { checkDirectory } from './check-directory.ts';
import { checkSystems } from './check-systems.ts';
import type { RunDatabase } from './database.ts';
import { type Disturbance, disturb } from './disturb.ts';
import { explain, type Story, storiesOf } from './explain.ts';
import { createHistory } from './history.ts';
import { createIdp, noCounts } from './idp.ts';
import { operationNames } from './load.ts';
import { startLoad } from './load-link.ts';
import type { Evidence } from './order/evidence.ts';
import { overtaken } from './order/first.ts';
import { checkOrder } from './order/order.ts';
import { createRandom } from './random.ts';
import { type Figures, percentile } from './report.ts';
import { timesToRevoke } from './revoke.ts';
import { FAULT_KINDS, followCalls, LATE_MS } from './sandbox.ts';
import { gauge, whenSettled } from './settled.ts';
import { basesOf, LEASE_MS, type Stage, setStage } from './stage.ts';
import type { Violation } from './violation.ts';
import { startWatch } from './watch.ts';

export interface ChaosOptions {
  seed: number;
  database: Pick<RunDatabase, 'url' | 'restart'>;
  /** Empty or not there; the caller removes it. */
  directory: string;
  users: number;
  groups: number;
  kills: number;
  freezes: number;
  /** Of the database, where it can be. */
  restarts: number;
  /** Of wall clocks. */
  jumps: number;
  processes: number;
  /** The load and the disturbances last about as long; the load longer, where a busy machine has done too little by then. */
  loadMs: number;
  leastChanges: number;
  /** Whether names are swapped, and given to others once they are free. */
  contested: boolean;
  /** Things that the IdP does in a second. */
  perSecond: number;
  settleWithinMs: number;
  say: (line: string) => void;
}

export interface ChaosResult {
  violations: Violation[];
  /** What the run should have done and did not: it proves less than it claims. */
  shortfalls: string[];
  /** What happened to the first people concerned. */
  stories: Story[];
  figures: Figures;
}

const FAULT_RATE = 0.3;
/** In terms of the time that was asked for. */
const LONGEST_LOAD = 5;
/** How far from it the drawn share may be. */
const RATE_TOLERANCE = 0.03;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const violations: Violation[] = [];
  const onCrash = (what: string) => violations.push({ kind: 'crashed', marker: null, what });
  const stage = await setStage({ ...options, databaseUrl: options.database.url, onCrash });
  try {
    return await runOn(stage, options, violations);
  } finally {
    await stage.close();
  }
}

async function runOn(stage: Stage, options: ChaosOptions, violations: Violation[]): Promise<ChaosResult> {
  const { sandbox, recorder, fleet, systems, token } = stage;
  const { seed, say } = options;
  const history = createHistory();
  const watch = startWatch(sandbox, systems, history);
  const log = followCalls(sandbox);
  await sandbox.faults(FAULT_RATE, seed);

  const begun = Date.now();
  const refuse = (what: string) => violations.push({ kind: 'refused', marker: null, what });
  const { users, groups, perSecond, contested } = options;
  const load = startLoad({ seed, token, users, groups, perSecond, contested }, basesOf(fleet), history.note, refuse);
  fleet.onChange = () => load.use(basesOf(fleet));
  let disturbances: Disturbance[];
  let settledMs: number | null = null;
  try {
    const count = options.kills + options.freezes + options.restarts + options.jumps;
    const everyMs = Math.max(200, (options.loadMs - options.freezes * LEASE_MS) / (count + 1));
    const pace = { ...options, everyMs, frozenMs: LEASE_MS + 300 };
    const moments = [recorder.nextWrite, load.nextChange];
    const random = createRandom(seed, 98);
    disturbances = await disturb(fleet, options.database.restart, pace, moments, random, say);
    const lasted = () => Date.now() - begun;
    const isEnough = () => lasted() >= options.loadMs && history.changes() >= options.leastChanges;
    while (!isEnough() && lasted() < LONGEST_LOAD * options.loadMs) await sleep(100);
  } catch (error) {
    load.kill();
    throw error;
  }
  const { worlds, counts } = await load.stop();
  const loadedMs = Date.now() - begun;
  const { calls, byCall, faults } = await log.counts();
  await sandbox.faults(0, seed);
  say(`faults end after ${Math.round(loadedMs / 1_000)} s and ${history.changes()} changes`);

  const urls = fleet.processes.map(({ url }) => url);
  settledMs = await whenSettled(urls, options.settleWithinMs).catch((error: Error) => {
    violations.push({ kind: 'not settled', marker: null, what: error.message });
    return null;
  });
  const settled = checkSystems(await sandbox.state(), systems, worlds);
  // A late call that lands now comes after everything was said to be done.
  await sleep(LATE_MS);
  const later = checkSystems(await sandbox.state(), systems, worlds);
  const isNew = ({ kind, marker, what }: Violation) =>
    !settled.some((known) => known.kind === kind && known.marker === marker && known.what === what);
  violations.push(
    ...settled,
    ...later.filter(isNew).map((late) => ({ ...late, what: `${late.what} (${LATE_MS} ms after it was settled)` })),
  );
  violations.push(...checkActions(await sandbox.state(), systems, worlds, await openActions(stage)));
  const checker = createIdp(() => createRandom(seed, 99).pick(basesOf(fleet)), token, noCounts());
  violations.push(...(await checkDirectory(checker, worlds)));
  await watch.stop();
  const all = await log.counts();
  await log.stop();

  const { calls: recorded, stalls } = recorder;
  const evidence: Evidence = { calls: recorded, history, owners: watch.owners, disturbances, stalls };
  const removed = watch.seen.map(({ out }) => out);
  const order = checkOrder(evidence, removed, options.processes);
  violations.push(...watch.violations, ...order.violations);
  for (const what of counts.refusals) refuse(what);
  const rejected = await gauge(urls[0] ?? '', 'linkspan_accounts_rejected');
  const delays = timesToRevoke(evidence, watch.seen);
  const waited = overtaken(evidence, removed).map(({ by }) => by);
  const happened = (kind: Disturbance['kind']) => disturbances.filter((each) => each.kind === kind).length;
  const struck = Object.values(faults).reduce((sum, each) => sum + each, 0);
  const people = worlds.flatMap((world) => world.people);

  return {
    violations,
    shortfalls: [
      ...FAULT_KINDS.filter((kind) => !faults[kind]).map((kind) => `no call was hit by ${kind}`),
      ...operationNames(options.contested)
        .filter((name) => !history.operations()[name])
        .map((name) => `nothing was done by ${name}`),
      ...(Math.abs(struck / calls - FAULT_RATE) > RATE_TOLERANCE ? [`${struck} of ${calls} calls were hit`] : []),
    ],
    stories: storiesOf(violations, evidence, begun, await explain(stage, worlds, violations)),
    figures: {
      seed,
      users: people.filter(({ id }) => id !== null).length,
      'people ever': people.length,
      groups: worlds.flatMap(({ groups }) => groups).length,
      'IdP requests': counts.requests,
      'IdP changes': history.changes(),
      operations: history.operations(),
      'unanswered requests': counts.unanswered,
      'unanswered and done': counts.foundDone,
      'calls under load': calls,
      'calls by path': byCall,
      'calls per change': Number((all.calls / Math.max(1, history.changes())).toFixed(2)),
      faults,
      'share of calls hit': Number((struck / Math.max(1, calls)).toFixed(3)),
      kills: happened('kill'),
      freezes: happened('freeze'),
      'database restarts': happened('restart'),
      'clock jumps': happened('jump'),
      'load, ms': loadedMs,
      'time to converge, ms': settledMs,
      'removals seen': delays.length,
      'removals taken back before': watch.superseded(),
      'time to revoke, ms': {
        p50: percentile(delays, 0.5) ?? 0,
        p99: percentile(delays, 0.99) ?? 0,
        longest: percentile(delays, 1) ?? 0,
      },
      'others begun before a removal': { p99: percentile(waited, 0.99) ?? 0, most: percentile(waited, 1) ?? 0 },
      'accounts rejected': Object.fromEntries(
        rejected.map((line) => [/target="([^"]*)"/.exec(line)?.[1] ?? line, Number(line.split(' ').at(-1))]),
      ),
      'late calls of woken processes': order.excused,
      'calls recorded': recorded.length,
      'recorder stalled, ms': stalls.reduce((sum, { from, to }) => sum + to - from, 0),
      'memory of the run, MB': Math.round(process.memoryUsage().rss / 1_048_576),
      violations: violations.length,
    },
  };
}
