/** `linkspan receipts`: the evidence that access was taken away, for an auditor; what is still open; how long it takes. */
import { Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { findUsers } from '../directory/people.ts';
import { findTarget } from '../sync/admin/targets.ts';
import {
  type OpenRemoval,
  openRemovalPages,
  type Receipt,
  receiptPages,
  type Selection,
  type Summary,
  summarize,
} from '../sync/why/receipts.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { csvLine } from './csv.ts';
import { bad, bold, dim, print, printJson, table, when, withApp } from './terminal.ts';

interface Options {
  target?: string;
  user?: string;
  since?: number;
  until?: number;
  open?: boolean;
  summary?: boolean;
  json?: boolean;
  csv?: boolean;
}

export const receipts = () =>
  new Command('receipts')
    .description('show who lost which access, who asked for it when, and how and when it was confirmed')
    .argument('<tenant>')
    .option('--target <target>', 'only there')
    .option('--user <user>', 'only of this user: userName, externalId or id; deleted ones too')
    .option(
      '--since <time>',
      'confirmed then or later: 2026-11-22, 2026-11-22T10:00:00Z, or how long ago: 7d, 12h',
      time,
    )
    .option('--until <time>', 'confirmed before that', time)
    .option(
      '--open',
      'what was asked for and is not confirmed yet, and why not; --since and --until: when it was asked for',
    )
    .option(
      '--summary',
      'time to revoke (median, 99th percentile, longest) for each target, and the oldest open removal',
    )
    .option('--json', 'as JSON, a line for each; the summary as one object')
    .option('--csv', 'as CSV, for a spreadsheet')
    .action((tenant: string, options: Options) =>
      withApp(async (app) => {
        await requireTenant(app.store, tenant);
        if (options.json && options.csv) throw new AdminError('Only one of --json and --csv can be right.');
        if (options.summary && (options.csv || options.open)) {
          throw new AdminError('--summary goes with --json, not with --csv or --open.');
        }
        const chosen = await selectionOf(app, tenant, options);
        if (options.summary) {
          const summary = await summarize(app.store, tenant, chosen);
          return options.json ? printJson(summary) : print(summaryText(summary));
        }
        if (options.open) return writeOut(openRemovalPages(app.store, tenant, chosen), OPEN, options);
        return writeOut(receiptPages(app.store, tenant, chosen), CONFIRMED, options);
      }),
    );

const UNITS: Record<string, number> = { d: 86_400_000, h: 3_600_000, m: 60_000 };

function time(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([dhm])$/.exec(text) ?? [];
  if (count !== undefined) return Date.now() - Number(count) * (UNITS[unit] ?? 0);
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isDate ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError(
      'Write a date (2026-11-22), an instant with its zone (2026-11-22T10:00:00Z), or 7d, 12h, 30m.',
    );
  }
  return at;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws AdminError where the target or the user is not known. */
async function selectionOf(
  { store }: App,
  tenant: string,
  { target, user, since, until }: Options,
): Promise<Selection> {
  if (since !== undefined && until !== undefined && since >= until) {
    throw new AdminError('--since must be before --until.');
  }
  const found = target === undefined ? undefined : await findTarget(store, tenant, target);
  if (target !== undefined && !found) {
    throw new AdminError(`Tenant "${tenant}" has no target "${target}". See: linkspan target list ${tenant}`);
  }
  const userIds = user === undefined ? undefined : await findUsers(store.read, store.dialect, tenant, user);
  // Receipts outlive the user.
  if (user !== undefined && userIds?.length === 0 && UUID.test(user)) userIds.push(user.toLowerCase());
  if (userIds?.length === 0) throw new AdminError(`Tenant "${tenant}" has and had no user "${user}".`);
  return { targetId: found?.id, userIds, since, until };
}

/** How one kind of rows is shown. */
interface Shape<Row> {
  header: readonly string[];
  cells(row: Row): readonly string[];
  csvHeader: readonly string[];
  csv(row: Row): readonly (string | number | null)[];
  json(row: Row): object;
  none: string;
}

const instant = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const removalText = (removal: string, subject: string | null) => (subject === null ? removal : `${removal} ${subject}`);
const seconds = (from: number, to: number) => Math.max(0, (to - from) / 1_000);

const CONFIRMED: Shape<Receipt> = {
  header: ['CONFIRMED', 'USER', 'TARGET', 'REMOVAL', 'ASKED FOR', 'BY', 'REQUEST', 'HOW'],
  cells: (row) => [
    when(row.confirmedAt),
    row.user ?? row.userId,
    row.target ?? 'a former target',
    removalText(row.removal, row.subject),
    when(row.askedAt),
    row.askedBy ?? '-',
    row.request ?? 'none',
    row.how,
  ],
  csvHeader: [
    'confirmed_at',
    'user',
    'user_id',
    'target',
    'target_id',
    'removal',
    'subject',
    'asked_at',
    'asked_by',
  ].concat(['request', 'seconds', 'evidence', 'emulated', 'how']),
  csv: (row) => [
    instant(row.confirmedAt),
    row.user,
    row.userId,
    row.target,
    row.targetId,
    row.removal,
    row.subject,
    instant(row.askedAt),
    row.askedBy,
    row.request,
    seconds(row.askedAt, row.confirmedAt),
    row.evidence,
    row.emulated ? 'yes' : 'no',
    row.how,
  ],
  json: (row) => ({ ...row, askedAt: instant(row.askedAt), confirmedAt: instant(row.confirmedAt) }),
  none: 'No removal was confirmed.',
};

const OPEN: Shape<OpenRemoval> = {
  header: ['ASKED FOR', 'USER', 'TARGET', 'REMOVAL', 'BY', 'REQUEST', 'NEXT ATTEMPT', 'WHY NOT YET'],
  cells: (row) => [
    when(row.askedAt),
    row.user ?? row.userId,
    row.target ?? 'a former target',
    removalText(row.removal, row.subject),
    row.askedBy ?? '-',
    row.request ?? 'none',
    when(row.nextAttemptAt),
    bad(row.why),
  ],
  csvHeader: ['asked_at', 'user', 'user_id', 'target', 'target_id', 'removal', 'subject', 'asked_by', 'request'].concat(
    ['next_attempt_at', 'why'],
  ),
  csv: (row) => [
    instant(row.askedAt),
    row.user,
    row.userId,
    row.target,
    row.targetId,
    row.removal,
    row.subject,
    row.askedBy,
    row.request,
    instant(row.nextAttemptAt),
    row.why,
  ],
  json: (row) => ({ ...row, askedAt: instant(row.askedAt), nextAttemptAt: instant(row.nextAttemptAt) }),
  none: 'Every removal that was asked for is confirmed.',
};

async function writeOut<Row>(pages: AsyncIterable<Row[]>, shape: Shape<Row>, { json, csv }: Options): Promise<void> {
  const isWatched = process.stderr.isTTY && !process.stdout.isTTY;
  const closed = new Promise<boolean>((resolve) => process.stdout.once('error', () => resolve(true)));
  const write = (text: string) =>
    Promise.race([closed, new Promise<boolean>((resolve) => process.stdout.write(text, () => resolve(false)))]);
  let written = 0;
  if (csv) await write(csvLine(shape.csvHeader));
  for await (const rows of pages) {
    const text = json
      ? rows.map((row) => `${JSON.stringify(shape.json(row))}\n`).join('')
      : csv
        ? rows.map((row) => csvLine(shape.csv(row))).join('')
        : `${tableOf(rows.map(shape.cells), shape.header, written === 0)}\n`;
    // Whoever reads (`head`) has had enough.
    if (await write(text)) return;
    written += rows.length;
    if (isWatched) process.stderr.write(`\r${written.toLocaleString('en')} written`);
  }
  if (isWatched) process.stderr.write('\n');
  if (written === 0 && !json && !csv) print(shape.none);
}

function tableOf(cells: readonly (readonly string[])[], header: readonly string[], isFirst: boolean): string {
  const text = table(header, cells);
  return isFirst ? text : text.slice(text.indexOf('\n') + 1);
}

export function summaryText({ revoked, open }: Summary): string {
  const took = (millis: number) => `${(millis / 1_000).toFixed(millis < 10_000 ? 2 : 0)} s`;
  const figures = revoked.map(({ target, removal, count, p50, p99, longest, unseen }) => [
    target ?? 'a former target',
    removal,
    String(count),
    took(p50),
    took(p99),
    took(longest),
    String(unseen),
  ]);
  const waiting = open.map(({ target, count, oldestAskedAt, oldestSeconds }) => [
    target ?? 'a former target',
    String(count),
    when(oldestAskedAt),
    took(oldestSeconds * 1_000),
  ]);
  return [
    bold('Time to revoke'),
    revoked.length === 0
      ? 'No removal was confirmed.'
      : table(['TARGET', 'REMOVAL', 'RECEIPTS', 'MEDIAN', '99 %', 'LONGEST', 'NOT SEEN'], figures),
    ...(figures.some((row) => row[6] !== '0') ? [dim('Not seen: only the answer says so, or nothing can.')] : []),
    '',
    bold('Open'),
    open.length === 0
      ? 'Every removal that was asked for is confirmed.'
      : table(['TARGET', 'ACCOUNTS', 'OLDEST ASKED FOR', 'AGE'], waiting),
  ].join('\n');
}
