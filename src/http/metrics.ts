/** Prometheus figures. Gauges about accounts are read when asked for; everything else is counted as it happens. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { LaneState } from '../sync/upkeep/census.ts';

export interface Metrics {
  contentType: string;
  render(): Promise<string>;
  countRequest(method: string, route: string, status: number, seconds: number): void;
  countOutcome(tenant: string, target: string, outcome: string, lagSeconds: number): void;
  /** @param kind `unassign`, `disable`, `delete`. @param seconds from the accepted request to the confirmed removal. */
  countRemoval(tenant: string, target: string, kind: string, seconds: number): void;
  countCall(tenant: string, target: string, status: string, seconds: number): void;
}

/** @param census what each lane has before it, read at each scrape. */
export function createMetrics(census: () => Promise<LaneState[]>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const lane = ['tenant', 'target'] as const;

  const unsettled = new Gauge({
    name: 'linkspan_accounts_unsettled',
    help: 'Accounts that are not yet as the directory wants them; 0 when everything wanted has been made true.',
    labelNames: lane,
    registers,
  });
  const rejected = new Gauge({
    name: 'linkspan_accounts_rejected',
    help: 'Accounts that need a person.',
    labelNames: lane,
    registers,
  });
  const held = new Gauge({
    name: 'linkspan_accounts_held',
    help: 'Accounts of which something waits for an administrator to approve it (linkspan hold list).',
    labelNames: lane,
    registers,
  });
  const actions = new Gauge({
    name: 'linkspan_actions_open',
    help: 'What people have to do in the target, because the system has no call for it (linkspan action list).',
    labelNames: lane,
    registers,
  });
  const lag = new Gauge({
    name: 'linkspan_sync_lag_seconds',
    help: 'Age of the oldest change that is not yet carried on.',
    labelNames: lane,
    registers,
  });
  const paused = new Gauge({
    name: 'linkspan_target_paused',
    help: '1 while the target stands still.',
    labelNames: lane,
    registers,
  });
  const outcomes = new Counter({
    name: 'linkspan_outcomes_total',
    help: 'Passes over accounts, by what came of them.',
    labelNames: [...lane, 'outcome'],
    registers,
  });
  const settled = new Histogram({
    name: 'linkspan_change_to_target_seconds',
    help: 'From the accepted change to the account made true.',
    labelNames: lane,
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
    registers,
  });
  const openRemovals = new Gauge({
    name: 'linkspan_removals_open',
    help: 'Accounts with a removal that was asked for and is not confirmed.',
    labelNames: lane,
    registers,
  });
  const oldestRemoval = new Gauge({
    name: 'linkspan_oldest_open_removal_seconds',
    help: 'Age of the oldest removal that is not confirmed; 0 when there is none.',
    labelNames: lane,
    registers,
  });
  const revoked = new Histogram({
    name: 'linkspan_time_to_revoke_seconds',
    help: 'From the accepted request to the confirmed removal.',
    labelNames: [...lane, 'kind'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
    registers,
  });
  const findings = new Gauge({
    name: 'linkspan_reconcile_findings',
    help: 'What the last reconcile of the target found, by kind.',
    labelNames: [...lane, 'kind'],
    registers,
  });
  const reconcileAge = new Gauge({
    name: 'linkspan_reconcile_age_seconds',
    help: 'How long ago the last reconcile of the target came to a conclusion.',
    labelNames: lane,
    registers,
  });
  const requests = new Histogram({
    name: 'linkspan_scim_request_duration_seconds',
    help: 'SCIM requests, by method, endpoint and status.',
    labelNames: ['method', 'endpoint', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const calls = new Histogram({
    name: 'linkspan_target_call_duration_seconds',
    help: 'Calls to targets, by status.',
    labelNames: [...lane, 'status'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });

  return {
    contentType: registry.contentType,
    async render() {
      for (const gauge of [unsettled, rejected, held, actions, lag, paused, openRemovals, oldestRemoval]) gauge.reset();
      for (const gauge of [findings, reconcileAge]) gauge.reset();
      for (const state of await census()) {
        const labels = { tenant: state.tenant, target: state.target };
        unsettled.set(labels, state.unsettled);
        rejected.set(labels, state.rejected);
        held.set(labels, state.held);
        actions.set(labels, state.actions);
        lag.set(labels, state.lagSeconds);
        paused.set(labels, state.paused ? 1 : 0);
        openRemovals.set(labels, state.openRemovals);
        oldestRemoval.set(labels, state.oldestRemovalSeconds);
        if (state.reconciled === null) continue;
        reconcileAge.set(labels, state.reconciled.ageSeconds);
        for (const [kind, count] of Object.entries(state.reconciled.findings)) findings.set({ ...labels, kind }, count);
      }
      return registry.metrics();
    },
    countRequest: (method, endpoint, status, seconds) =>
      requests.observe({ method, endpoint, status: String(status) }, seconds),
    countOutcome(tenant, target, outcome, lagSeconds) {
      outcomes.inc({ tenant, target, outcome });
      if (outcome === 'done') settled.observe({ tenant, target }, lagSeconds);
    },
    countRemoval: (tenant, target, kind, seconds) => revoked.observe({ tenant, target, kind }, seconds),
    countCall: (tenant, target, status, seconds) => calls.observe({ tenant, target, status }, seconds),
  };
}
