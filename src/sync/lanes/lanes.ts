/**
 * The targets as this process works on them: settings opened, rules compiled, connection and queue kept until the
 * target's revision changes. A lane is one tenant and target; lanes share nothing but their limit group.
 */

import type { Selectable } from 'kysely';
import PQueue from 'p-queue';
import type { Store } from '../../store/store.ts';
import type { TargetsTable } from '../../store/tables.ts';
import type { Connection, TargetType, Vault } from '../../targets/target.ts';
import { type CompiledRules, compileRules, type RuleCompilers, Rules } from '../rules/rules.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import type { CallRecord } from './calls.ts';
import { createLimits, type LimitGroup } from './limits.ts';
import { type Pace, paceFor } from './pace.ts';

export interface Lane {
  tenant: string;
  targetId: string;
  name: string;
  revision: number;
  type: TargetType;
  settings: unknown;
  rules: CompiledRules;
  pace: Pace;
  connection: Connection;
  systemKey: string;
  limit: LimitGroup;
  queue: PQueue;
  paused: boolean;
  pausedBy: 'admin' | 'engine' | null;
  pausedReason: string | null;
  probeAt: number | null;
  /** The process that tries the paused target with one account. */
  trialBy: string | null;
  breaker: Breaker;
  /** On the monotonic clock: the lane served longest ago goes first. */
  lastServed: number;
  /** How often it was served. */
  turn: number;
  onCall: (call: CallRecord) => void;
  /** Opens a password. @throws where it was sealed with another key, or for somebody else. */
  openSeal: (sealed: string, about: string) => Promise<string>;
  now: Store['now'];
}

/** Encryption at rest, as tenancy provides it. */
export interface Cipher {
  seal(plain: string, about?: string): Promise<string>;
  open(sealed: string, about?: string): Promise<string>;
}

export interface Lanes {
  /** All targets that can be worked on, as last refreshed. */
  all(): Lane[];
  ofTenant(tenant: string): Lane[];
  byId(targetId: string): Lane | undefined;
  /** Reads the targets again; those whose revision is unchanged keep their connection. */
  refresh(): Promise<void>;
  /** The process stops: nobody waits for a limit any more. */
  release(): void;
}

export interface LanesOptions extends RuleCompilers {
  store: Store;
  cipher: Cipher;
  types: ReadonlyMap<string, TargetType>;
  onCall: (lane: Lane, call: CallRecord) => void;
  /** A target that cannot be opened (wrong key, unknown type, settings that no longer fit). */
  onBroken: (target: { tenant: string; name: string }, problem: Error) => void;
}

export function createLanes(options: LanesOptions): Lanes {
  const { store } = options;
  const limits = createLimits();
  let lanes = new Map<string, Lane>();
  const broken = new Map<string, number>();

  return {
    all: () => [...lanes.values()],
    ofTenant: (tenant) => [...lanes.values()].filter((lane) => lane.tenant === tenant),
    byId: (targetId) => lanes.get(targetId),
    release: limits.release,
    async refresh() {
      const rows = await store.read.selectFrom('targets').selectAll().execute();
      const next = new Map<string, Lane>();
      for (const row of rows) {
        const lane = await keepOrOpen(row);
        if (lane) next.set(row.id, Object.assign(lane, stateOf(row)));
        // Whoever paused it: what was counted before says nothing about what comes after.
        if (lane?.paused) lane.breaker.reset();
      }
      lanes = next;
      limits.keep(new Set(rows.map((row) => row.id)));
    },
  };

  async function keepOrOpen(row: Selectable<TargetsTable>): Promise<Lane | null> {
    const current = lanes.get(row.id);
    if (current?.revision === row.revision) return current;
    if (broken.get(row.id) === row.revision) return null;
    try {
      const opened = await openLane(row, options, limits);
      broken.delete(row.id);
      return opened;
    } catch (problem) {
      broken.set(row.id, row.revision);
      options.onBroken(row, problem as Error);
      return null;
    }
  }
}

function stateOf(
  row: Selectable<TargetsTable>,
): Pick<Lane, 'paused' | 'pausedBy' | 'pausedReason' | 'probeAt' | 'trialBy'> {
  return {
    paused: row.state === 'paused',
    pausedBy: row.paused_by,
    pausedReason: row.paused_reason,
    probeAt: row.probe_at,
    trialBy: row.trial_by,
  };
}

/** @throws where the row does not fit its type. */
export async function openLane(
  row: Selectable<TargetsTable>,
  options: Pick<LanesOptions, 'store' | 'cipher' | 'types' | 'onCall' | keyof RuleCompilers>,
  limits = createLimits(),
): Promise<Lane> {
  const type = options.types.get(row.type);
  if (!type) throw new Error(`There is no target type "${row.type}".`);
  const secrets = row.secrets === null ? {} : JSON.parse(await options.cipher.open(row.secrets));
  const settings = type.settings.parse({ ...JSON.parse(row.settings), ...secrets });
  const pace = paceFor(type).parse(JSON.parse(row.pace));
  const lane: Lane = {
    tenant: row.tenant,
    targetId: row.id,
    name: row.name,
    revision: row.revision,
    type,
    settings,
    rules: compileRules(Rules.parse(JSON.parse(row.rules)), type, options),
    pace,
    connection: type.open(settings, createVault(row, options)),
    systemKey: type.systemKey(settings),
    limit: limits.group(type.limitGroup(settings), pace.ratePerSecond, row.id),
    queue: new PQueue({ concurrency: pace.concurrency }),
    ...stateOf(row),
    breaker: createBreaker(pace),
    lastServed: 0,
    turn: 0,
    onCall: (call) => options.onCall(lane, call),
    openSeal: options.cipher.open,
    now: options.store.now,
  };
  return lane;
}

/** Where the connection keeps its refresh token: on the target's row, encrypted. */
function createVault(
  { tenant, id }: { tenant: string; id: string },
  { store, cipher }: Pick<LanesOptions, 'store' | 'cipher'>,
): Vault {
  return {
    async load() {
      const row = await store.read
        .selectFrom('targets')
        .select('vault')
        .where('tenant', '=', tenant)
        .where('id', '=', id)
        .executeTakeFirst();
      return row?.vault ? cipher.open(row.vault) : null;
    },
    async save(value) {
      const vault = await cipher.seal(value);
      await store.write((trx) =>
        trx.updateTable('targets').set({ vault }).where('tenant', '=', tenant).where('id', '=', id).execute(),
      );
    },
  };
}
