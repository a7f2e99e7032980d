#!/usr/bin/env node
/** From the command line to an exit code. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import { type Arguments, HELP, type Report, readArguments, Usage } from './arguments.ts';
import { checks as allChecks } from './checks/all.ts';
import { createClient } from './guest/client.ts';
import { type Journal, journalFolder, leftovers, NO_JOURNAL, openJournal } from './guest/journal.ts';
import { cleanUp } from './guest/keeper.ts';
import { createPace } from './guest/pace.ts';
import { createWire } from './guest/wire.ts';
import { FEATURES, type Run } from './model.ts';
import { activeChecks, activeRequirements, matching } from './profiles.ts';
import { createProgress } from './progress.ts';
import { badge } from './reports/badge.ts';
import { compare, comparisonText } from './reports/compare.ts';
import { html } from './reports/html/html.ts';
import { json, parseRun } from './reports/json.ts';
import { junit } from './reports/junit.ts';
import { terminal } from './reports/terminal.ts';
import { requirements as allRequirements } from './requirements/all.ts';
import { BROKE_OFF, CannotRun, runCompliance } from './run.ts';
import { unusedWaivers } from './verdict.ts';

/** @returns the exit code. */
export async function main(given: readonly string[]): Promise<number> {
  // Whoever reads may stop reading (`| head`); what was made is removed all the same.
  process.stdout.on('error', ignoreClosed);
  try {
    const args = readArguments(given);
    switch (args.command) {
      case 'help':
        out(HELP);
        return 0;
      case 'list':
        return list(args);
      case 'compare':
        return compared(args);
      case 'clean-up':
        return await removed(args);
      default:
        return await measured(args);
    }
  } catch (error) {
    if (!(error instanceof Usage || error instanceof CannotRun)) throw error;
    say(`${error.message}${error instanceof Usage ? ' (--help shows what there is)' : ''}`);
    return 2;
  }
}

function ignoreClosed(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const out = (text: string) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
const say = (text: string) => process.stderr.write(`${text}\n`);

const REPORTS: Record<Report, (run: Run) => string> = { json, junit, html, badge };

/** As shells say of what SIGINT ended. */
const INTERRUPTED = 130;

async function measured(args: Arguments): Promise<number> {
  const stop = new AbortController();
  const progress = createProgress();
  let isSecond = false;
  const onSignal = () => {
    progress.clear();
    // The second time somebody means it.
    if (isSecond) {
      say('Ended at once. What is left on the server is removed by: linkspan compliance --url <base> --clean-up');
      process.exit(INTERRUPTED);
    }
    isSecond = true;
    say('Ending: removing what was made. Once more ends at once.');
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const run = await runCompliance({
      ...args,
      signal: stop.signal,
      journal,
      onResult: (result, done, total) => progress.show(done, total, result),
    });
    progress.clear();
    report(run, args);
    if (stop.signal.aborted) return INTERRUPTED;
    return run.results.some(({ verdict, waiver }) => verdict === 'FAIL' && !waiver) ? 1 : 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    say('Ended before anything was measured.');
    return INTERRUPTED;
  } finally {
    progress.clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

function report(run: Run, args: Arguments): void {
  const wanted = Object.entries(args.reports) as [Report, string][];
  for (const [name, file] of wanted) {
    if (file === '-') out(REPORTS[name](run));
    else write(file, REPORTS[name](run));
  }
  if (!wanted.some(([, file]) => file === '-'))
    out(terminal(run, { columns: Math.min(process.stdout.columns || 100, 120), color: hasColor(process.stdout) }));
  for (const [, file] of wanted) if (file !== '-') say(`Written: ${file}`);
  const unused = args.filter === undefined ? unusedWaivers(args.waivers, run.results) : [];
  for (const each of unused)
    say(`The waiver of ${each.requirement}${each.check ? ` in ${each.check}` : ''} waives nothing in this run.`);
  const broken = run.results.filter(({ reason }) => reason?.startsWith(BROKE_OFF));
  if (broken.length > 0)
    say(`Broke off, which is a fault of this runner as well: ${broken.map(({ check }) => check).join(', ')}.`);
}

function list({ profile, manner, filter, reports }: Arguments): number {
  const active = activeRequirements(allRequirements, profile, manner);
  const checks = matching(activeChecks(allChecks, active, profile), filter).map(
    ({ id, title, feature, requirements }) => ({
      id,
      title,
      feature,
      requirements: requirements.filter((each) => active.has(each)),
    }),
  );
  if (reports.json !== undefined) {
    out(JSON.stringify(checks, null, 2));
    return 0;
  }
  const bold = (text: string) => (hasColor(process.stdout) ? styleText('bold', text, { validateStream: false }) : text);
  const width = Math.max(0, ...checks.map(({ id }) => id.length));
  const lines = Object.entries(FEATURES).flatMap(([feature, title]) => {
    const own = checks.filter((check) => check.feature === feature);
    const rows = own.map((each) => `  ${each.id.padEnd(width)}  ${each.title}  [${each.requirements.join(' ')}]`);
    return own.length === 0 ? [] : [bold(`${title} (${feature})`), ...rows];
  });
  const requirements = new Set(checks.flatMap((each) => each.requirements));
  out([...lines, `${checks.length} checks of ${requirements.size} requirements`].join('\n'));
  return 0;
}

/** 1 where something got worse, so that a pipeline can stop there. */
function compared({ files }: Arguments): number {
  const [before, after] = files.map((file) => {
    try {
      return parseRun(readFileSync(file, 'utf8'), file);
    } catch (error) {
      throw new Usage(error instanceof Error ? error.message : String(error));
    }
  });
  if (!before || !after) return 2;
  const comparison = compare(before, after);
  out(
    comparisonText(
      comparison,
      hasColor(process.stdout) ? (style, text) => styleText(style, text, { validateStream: false }) : undefined,
    ),
  );
  return comparison.regressed ? 1 : 0;
}

async function removed(args: Arguments): Promise<number> {
  const wire = createWire(args);
  const client = createClient({ ...args, wire, pace: createPace(args.rate) });
  let failed = 0;
  let count = 0;
  for (const left of leftovers(journalFolder(), client.base)) {
    const { removed: gone, leftBehind } = await cleanUp(client, left);
    count += gone;
    failed += leftBehind.length;
    for (const path of leftBehind) say(`Could not be removed: ${client.base}${path}`);
    if (leftBehind.length === 0) rmSync(left.file, { force: true });
  }
  wire.close();
  out(count + failed === 0 ? 'Nothing is left of earlier runs.' : `${count} removed, ${failed} could not be.`);
  return failed === 0 ? 0 : 2;
}

function journal(run: string, base: string): Journal {
  try {
    return openJournal(journalFolder(), run, base);
  } catch (error) {
    say(
      `No journal is kept (${error instanceof Error ? error.message : error}); --clean-up cannot help if this run is killed.`,
    );
    return NO_JOURNAL;
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Usage(`${file} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function hasColor(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
