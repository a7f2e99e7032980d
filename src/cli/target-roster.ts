/** `linkspan target roster`: who works at an event, and how many each has let in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { createIo } from '../sync/lanes/calls.ts';
import type { Lane } from '../sync/lanes/lanes.ts';
import { TargetError } from '../targets/outcome.ts';
import type { Report } from '../targets/target.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { bold, dim, print, printJson, table, untilStopped, withApp } from './terminal.ts';
import { openLanes, seconds } from './users.ts';

interface Options {
  watch?: true | number;
  json?: boolean;
}

export const targetRoster = () =>
  new Command('roster')
    .description('show who is assigned to an event, how many each has checked in, and the arrivals curve')
    .argument('<tenant>')
    .argument('<target>')
    .argument('<event>', "the event's id in the system")
    .option('--watch [seconds]', 'again and again until Ctrl-C, not more often than the system allows', seconds)
    .option('--json', 'as JSON; with --watch one line each time')
    .action((tenant: string, name: string, event: string, options: Options) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        const [lane] = await openLanes(app, tenant, name);
        if (!lane) return;
        const read = readerOf(lane, event);
        if (options.watch !== undefined) return watch(read, options, untilStopped());
        const report = await read();
        if (options.json) printJson(report.data);
        else print(reportText(report));
      }),
    );

/** @throws AdminError where the system has no rosters. */
function readerOf(lane: Lane, event: string): () => Promise<Report> {
  const report = lane.connection.reports?.roster;
  if (!report) throw new AdminError(`Target "${lane.name}" (${lane.type.title}) has no rosters.`);
  const io = createIo(lane, { userId: null, activityId: null, urgent: true, outlives: () => true });
  return () => report(event, io);
}

/** What fails for the moment is said, and tried again. */
async function watch(read: () => Promise<Report>, { watch, json }: Options, stopped: Promise<void>): Promise<void> {
  const wanted = watch === true || watch === undefined ? 0 : watch * 1_000;
  const stop = new AbortController();
  void stopped.then(() => stop.abort());
  let pauseMs = wanted;
  for (;;) {
    try {
      const report = await read();
      pauseMs = Math.max(wanted, report.againAfterMs);
      if (json) print(JSON.stringify(report.data));
      else
        print(
          `${process.stdout.isTTY ? '\u001b[H\u001b[2J' : ''}${reportText(report)}\n${dim(everyText(wanted, pauseMs))}`,
        );
    } catch (error) {
      if (!(error instanceof TargetError) || error.failure.kind !== 'retry') throw error;
      pauseMs = Math.max(pauseMs, error.failure.afterMs ?? 0, SHORTEST_AFTER_FAILURE_MS);
      process.stderr.write(`${error.message}; again in ${pauseMs / 1_000} s\n`);
    }
    await sleep(pauseMs, undefined, { signal: stop.signal }).catch(() => {});
    if (stop.signal.aborted) return;
  }
}

const SHORTEST_AFTER_FAILURE_MS = 5_000;

function everyText(wanted: number, pauseMs: number): string {
  const why = wanted < pauseMs ? ', as often as the system allows' : '';
  return `Read again every ${pauseMs / 1_000} s${why}. Ctrl-C ends it.`;
}

export function reportText({ tables, notes }: Report): string {
  const blocks = tables.map(({ title, header, rows }) => `${bold(title)}\n${table(header, rows)}`);
  return [...blocks, ...notes.map(dim)].join('\n\n');
}
