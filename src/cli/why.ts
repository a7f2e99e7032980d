/** `linkspan why`: from a request to what came of it, and what was done lately for a user or at a target. */
import { Command, InvalidArgumentError } from 'commander';
import type { App } from '../app.ts';
import { findUsers } from '../directory/people.ts';
import { findTarget } from '../sync/admin/targets.ts';
import type { Asked, Called, Received } from '../sync/why/history.ts';
import { type Entry, type Timeline, whyTarget, whyUser } from '../sync/why/timeline.ts';
import { type Touched, type Why, whyRequest } from '../sync/why/why.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { bad, bold, dim, good, print, printJson, when, width, withApp, wrapped } from './terminal.ts';

type About = 'request' | 'user' | 'target';
type Answer = ({ about: 'request' } & Why) | ({ about: 'user' | 'target'; id: string; name: string } & Timeline);

interface Options extends Partial<Record<About, boolean>> {
  tenant: string;
  limit: number;
  json?: boolean;
}

export const why = () =>
  new Command('why')
    .description('show what came of a request, or what was done lately for a user or at a target')
    .argument('<what>', 'id of a request (X-Request-Id of its answer), a user (userName, externalId, id) or a target')
    .option('--tenant <tenant>', 'whose', 'demo')
    .option('--limit <n>', 'how many lines of each kind', count, 50)
    .option('--request', 'it is a request')
    .option('--user', 'it is a user')
    .option('--target', 'it is a target')
    .option('--json', 'as JSON')
    .action((what: string, options: Options) =>
      withApp(async (app, { keepDays }) => {
        await requireTenant(app.store, options.tenant);
        const answer = await ask(app, what, options, keepDays);
        if (options.json) return printJson(answer);
        const columns = process.stdout.columns ?? 160;
        print(answer.about === 'request' ? requestText(answer, columns) : timelineText(answer, columns));
      }),
    );

function count(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number from 1 to 999999.');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws AdminError where nothing is meant by it, or more than one thing. */
async function ask({ store }: App, what: string, options: Options, keepDays: number): Promise<Answer> {
  const { tenant, limit } = options;
  const kinds = (['request', 'user', 'target'] as const).filter((kind) => options[kind]);
  if (kinds.length > 1) throw new AdminError('Only one of --request, --user and --target can be right.');
  const may = (kind: About) => kinds.length === 0 || kinds[0] === kind;

  const request =
    may('request') && UUID.test(what) ? await whyRequest(store, tenant, what.toLowerCase(), { limit }) : null;
  const [userId] = may('user') ? await findUsers(store.read, store.dialect, tenant, what) : [];
  const target = may('target') ? await findTarget(store, tenant, what) : undefined;
  const meant = [request && 'request', userId && 'user', target && 'target'].filter((kind) => kind);
  if (meant.length > 1) {
    const flags = meant.map((kind) => `--${kind}`).join(' or ');
    throw new AdminError(`"${what}" is the name of a ${meant.join(' and of a ')}. Say which, with ${flags}.`);
  }
  if (request) return { about: 'request', ...request };
  if (userId) return { about: 'user', id: userId, name: what, ...(await whyUser(store, tenant, userId, { limit })) };
  if (target) {
    return { about: 'target', id: target.id, name: what, ...(await whyTarget(store, tenant, target.id, { limit })) };
  }
  throw new AdminError(nothing(tenant, what, kinds[0], keepDays));
}

function nothing(tenant: string, what: string, kind: About | undefined, keepDays: number): string {
  if (kind === 'user') return `Tenant "${tenant}" has and had no user "${what}".`;
  if (kind === 'target') return `Tenant "${tenant}" has no target "${what}". See: linkspan target list ${tenant}`;
  if (UUID.test(what)) {
    return `Tenant "${tenant}" knows no change under the id ${what}: the request changed nothing, was refused, or is older than ${keepDays} days (LINKSPAN_KEEP_DAYS).`;
  }
  if (kind === 'request') return `"${what}" is no request's id. It stands in the X-Request-Id of the request's answer.`;
  return `Tenant "${tenant}" has no user, target or request "${what}".`;
}

const INDENT = 15;

/** One line for each fact, `columns` wide. */
export function requestText(why: Why, columns: number): string {
  const line = (label: string, value: string) => labelled(label, value, columns);
  const [first, ...others] = why.asked;
  const groups = Map.groupBy([...why.accounts, ...why.calls, ...why.receipts], (each) => each.targetId);
  const whom = padded([...why.calls, ...why.receipts].map((deed) => `for ${deed.user ?? deed.userId}`));
  const several = new Set(why.accounts.map((account) => account.userId)).size > 1;
  return [
    ...(first && others.length === 0 && first.id === why.id ? singleText(first, line) : bulkText(why, line)),
    ...(why.waiting > 0 ? [line('waiting', bad('not every account that it concerns has been made due yet'))] : []),
    ...[...groups].flatMap(([targetId, about]) => [
      '',
      bold(about[0]?.target ?? `a target that is no more (${targetId})`),
      ...about.map((each) => {
        if (!('kind' in each)) return line('account', accountText(each));
        const facts = [when(each.at), ...(several ? [whom(`for ${each.user ?? each.userId}`)] : [])];
        return line(each.kind === 'call' ? 'called' : 'receipt', deedText(each, facts, columns - INDENT));
      }),
    ]),
    ...(groups.size === 0 && why.waiting === 0
      ? ['', 'No account was touched: no target wants what it changed, or a later change has taken its place.']
      : []),
    ...moreText(why),
    ...(why.asked.some((asked) => asked.resourceType !== 'User')
      ? ['', ...wrapped(MEMBERS, Math.min(columns, 100)).map(dim)]
      : []),
  ].join('\n');
}

const MEMBERS =
  'Of the members of a group those are left out whose account had a later change before a worker came to it; linkspan why <userName> shows that.';

type Line = (label: string, value: string) => string;

function singleText(asked: Asked, line: Line): string[] {
  return [
    `${bold(titleOf(asked))}  ${dim(`by ${asked.by}`)}`,
    line('request', asked.id),
    line('when', when(asked.at)),
    line(asked.resourceType.toLowerCase(), `${asked.resourceId}${asked.deleted ? bad(' (deleted)') : ''}`),
    ...(asked.changed.length > 0 ? [line('changed', asked.changed.join(', '))] : []),
    ...(asked.partOf ? [line('part of', `the Bulk request ${asked.partOf}`)] : []),
  ];
}

function bulkText({ id, asked, totals }: Why, line: Line): string[] {
  const [first] = asked;
  if (!first) return [`${bold(`request ${id}`)}  ${dim('forgotten; this is what is left of what came of it')}`];
  return [
    `${bold('Bulk request')}  ${dim(`by ${first.by}, ${totals.asked} operations that changed something`)}`,
    line('request', id),
    line('when', when(first.at)),
    ...asked.map((each) => line('operation', `${each.id} ${titleOf(each)}`)),
  ];
}

function labelled(label: string, value: string, columns: number): string {
  const lines = value.split('\n').flatMap((each) => fitted(each, columns - INDENT));
  return `  ${dim(label.padEnd(INDENT - 2))}${lines.join(`\n${' '.repeat(INDENT)}`)}`;
}

/** As it is where it fits, for it may have gaps that line up. */
function fitted(text: string, room: number): string[] {
  return width(text) <= room ? [text] : wrapped(text, room);
}

function titleOf({ action, resourceType, name, resourceId }: Asked): string {
  return `${action} ${resourceType} ${name ?? resourceId}`;
}

function accountText({ user, userId, state, outcome, reason, other, ...at }: Touched): string {
  const attempt = outcome === null || outcome === 'done' ? '' : ` (${outcome}: ${reason})`;
  const stands = {
    due: `${bad('due')} ${when(at.nextAttemptAt)}${attempt}`,
    'at work': `being worked on${attempt}`,
    settled: `${good('settled')} ${when(at.lastSuccessAt)}`,
    failed: `${bad('needs a person')}: ${reason}`,
    gone: 'nothing is left of it',
  }[state];
  return `${user ?? userId}: ${stands}${other ? `; ${otherText(other)}` : ''}`;
}

function otherText({ id, how }: NonNullable<Touched['other']>): string {
  const change = id ?? "a change of the target's settings or rules";
  if (how === 'since') return `since then changed by ${change}`;
  if (how === 'later') return `no calls of its own, carried on with the later ${change}, at the latest`;
  if (how === 'together') return `no calls of its own, carried on with ${change}, which came at the same moment`;
  return `no calls of its own, carried on with the earlier ${change}`;
}

/** @param facts come first. What is long comes last, on a line of its own where it does not fit. */
function deedText(deed: Called | Received, facts: readonly string[], room: number): string {
  if (deed.kind === 'receipt') return [...facts, receiptText(deed)].join('  ');
  const { status, error, durationMs, method, path } = deed;
  const answer = status === null ? bad(error ?? 'no answer') : status < 400 ? String(status) : bad(String(status));
  const before = [...facts, answer, `${String(durationMs).padStart(5)} ms`].join('  ');
  const request = `${method} ${path}`;
  if (width(before) + 2 + width(request) <= room) return `${before}  ${request}`;
  // Broken before a slash where that can be.
  const parts = request.match(new RegExp(`.{1,${room}}(?=/|$)|.{1,${room}}`, 'gu')) ?? [];
  return [before, ...parts].join('\n');
}

function receiptText({ removal, subject, emulated, evidence }: Received): string {
  return `${removal}${subject ? ` ${subject}` : ''}${emulated ? ' (emulated)' : ''}, confirmed by ${evidence}`;
}

function moreText({ totals, ...lists }: Why): string[] {
  const more = (['asked', 'accounts', 'calls', 'receipts'] as const)
    .filter((list) => totals[list] > lists[list].length)
    .map((list) => `${totals[list] - lists[list].length} ${list === 'asked' ? 'operations' : list}`);
  return more.length === 0 ? [] : ['', dim(`And ${more.join(', ')} more; --limit <n> shows them.`)];
}

/** Newest first; a cause is named where it is another one than that of the line above. */
export function timelineText(timeline: Timeline & { about: 'user' | 'target'; name: string }, columns: number): string {
  const { about, name, entries, requests, older } = timeline;
  const titles = new Map(requests.map((asked) => [asked.id, titleOf(asked)]));
  const room = columns - MARGIN;
  const who = padded(entries.map((entry) => whoOf(entry, about)));
  let cause: string | null | undefined;
  const lines = entries.flatMap((entry) => {
    const own = entry.kind === 'request' ? entry.id : entry.activityId;
    const text = entryText(entry, who(whoOf(entry, about)), room).split('\n');
    const body = [
      ...text.flatMap((each) => fitted(each, room)),
      ...(own === cause ? [] : wrapped(causeText(entry, titles.get(own ?? '')), room).map(dim)),
    ];
    cause = own;
    return body.map((each, row) => `${(row === 0 ? when(entry.at) : '').padEnd(MARGIN)}${each}`);
  });
  return [
    `${bold(name)}  ${dim(`${about === 'user' ? 'what was asked and done' : 'what was done'}, newest first`)}`,
    '',
    ...(lines.length === 0 ? ['Nothing is remembered.'] : lines),
    ...(older ? ['', dim('There is more; --limit <n> shows it.')] : []),
  ].join('\n');
}

/** As wide as an instant, and a gap. */
const MARGIN = 25;

/** Where a deed was done, or for whom. */
function whoOf(entry: Entry, about: 'user' | 'target'): string {
  if (entry.kind === 'request') return '';
  return about === 'user' ? (entry.target ?? 'a former target') : (entry.user ?? entry.userId ?? 'itself');
}

/** Makes what comes behind line up, where the names are not too different in length. */
function padded(names: readonly string[]): (name: string) => string {
  const widest = Math.min(24, Math.max(0, ...names.map(width)));
  return (name) => name + ' '.repeat(Math.max(0, widest - width(name)));
}

function entryText(entry: Entry, who: string, room: number): string {
  if (entry.kind === 'request') {
    const changed = entry.changed.length > 0 ? `: ${entry.changed.join(', ')}` : '';
    return `${bold(titleOf(entry))} by ${entry.by}${changed}`;
  }
  return deedText(entry, [who], room);
}

function causeText(entry: Entry, title: string | undefined): string {
  if (entry.kind === 'request') return `request ${entry.id}`;
  if (entry.activityId === null) return 'because of no request: rules, settings, or a look of its own';
  return `because of ${entry.activityId}${title ? `, ${title}` : ', which is forgotten'}`;
}
