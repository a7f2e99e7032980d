/** `linkspan reconcile`: everything that a target holds against everything that it should, and what came of it lately. */
import { Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { openLane } from '../sync/lanes/lanes.ts';
import { type Progress, reconcile as runReconcile } from '../sync/reconcile/reconcile.ts';
import { findRun, listRuns, resultOf } from '../sync/reconcile/results.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { type ProgressBar, progressBar } from './progress.ts';
import { resultText, runsText } from './reconcile-text.ts';
import { print, printJson, when, withApp } from './terminal.ts';

interface Options {
  dryRun?: boolean;
  show?: boolean | string;
  list?: boolean;
  limit: number;
  json?: boolean;
}

export const reconcile = () =>
  new Command('reconcile')
    .description('compare everything that a target holds with what it should; a running server repairs what differs')
    .argument('<tenant>')
    .argument('<target>')
    .option('--dry-run', 'only report')
    .option('--show [run]', 'begin none: show the last run, or the one with this id')
    .option('--list', 'begin none: list the runs that are kept')
    .option('--limit <n>', 'how many findings of each kind are shown', count, 20)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      '\nA server does the same by itself as often as the pace "reconcileHours" says (linkspan target set).' +
        "\nOrphans, records that are nobody's account, are reported and never touched.",
    )
    .action((tenant: string, name: string, options: Options) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const target = await requireTarget(app.store, tenant, name);
        const of = { tenant, targetId: target.id };
        if (options.list) {
          const runs = await listRuns(app.store, of);
          return options.json ? printJson(runs) : print(runsText(runs));
        }
        const id = options.show ? shownId(options.show) : await runNow(app, target, options);
        const run = await findRun(app.store, of, id);
        if (!run) {
          throw new AdminError(
            id
              ? `Target "${name}" has no run ${id}. See: linkspan reconcile ${tenant} ${name} --list`
              : `Target "${name}" was never reconciled. Begin with: linkspan reconcile ${tenant} ${name} --dry-run`,
          );
        }
        const result = await resultOf(app.store, run, options.limit);
        if (options.json) printJson(result);
        else print(resultText(result, { tenant, name, paused: target.state === 'paused' }));
        if (!options.show && run.state !== 'done') process.exitCode = 1;
      }),
    );

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number from 1 to 999999.');
}

function shownId(show: string | true): string | undefined {
  return show === true ? undefined : show.toLowerCase();
}

/** @returns the run's id. @throws AdminError where there is none to be begun. */
async function runNow(app: App, target: Parameters<typeof openLane>[0], options: Options): Promise<string> {
  const lane = await openLane(target, { ...app, onCall: () => {} });
  const bar = progressBar();
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const done = await runReconcile(app.store, lane, {
      dryRun: options.dryRun === true,
      onlyAlike: true,
      signal: stop.signal,
      whenStopped: 'end',
      onProgress: (progress) => showProgress(bar, progress),
    });
    bar.clear();
    if (done.kind === 'run') return done.run.id;
    if (done.kind === 'changed') throw new AdminError('The target was changed by somebody else meanwhile. Try again.');
    if (done.kind === 'left') {
      throw new AdminError(`Another process has taken the run over. ${seeResult(target)}`);
    }
    if (done.kind === 'busy') {
      throw new AdminError(
        `Another process is at it since ${when(done.run.started_at)}: ${done.run.state}. ${seeResult(target)}`,
      );
    }
    throw new AdminError('It is not time for a run.');
  } finally {
    bar.clear();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function seeResult({ tenant, name }: { tenant: string; name: string }): string {
  return `Its result: linkspan reconcile ${tenant} ${name} --show`;
}

function showProgress(bar: ProgressBar, { state, listed, joined, of }: Progress): void {
  if (state === 'listing') bar.show('listing', listed, null);
  else bar.show(state === 'repairing' ? 'making due' : 'comparing', joined, of);
}
