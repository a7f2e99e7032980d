/** `linkspan target invite`: many people at once, each with the guarantees of one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { App } from '../app.ts';
import { type Invitee, type Onboarding, type Registered, register } from '../directory/onboarding.ts';
import { ScimError } from '../scim/errors.ts';
import { isServed } from '../sync/admin/on-demand.ts';
import { type Onboarded, onboardedOf } from '../sync/admin/onboarding.ts';
import { requireTarget } from '../sync/admin/targets.ts';
import { AdminError, requireTenant } from '../tenancy/tenants.ts';
import { columnsOf, factText } from './facts.ts';
import { nameOfGiven, readGiven } from './given-file.ts';
import { type PeopleFile, peopleIn } from './people-file.ts';
import { progressBar } from './progress.ts';
import { bad, bold, good, print, printJson, withApp } from './terminal.ts';
import { seconds } from './users.ts';

export interface InviteOptions {
  update: boolean;
  waitMs: number;
}

export interface Invited {
  target: string;
  /** Rows that could be read. */
  rows: number;
  /** Users that this run has made, and changed. */
  created: number;
  updated: number;
  invited: number;
  existing: number;
  refused: number;
  waiting: number;
  /** What is wrong with rows: nothing was done for them. */
  problems: PeopleFile['problems'];
  people: (Registered & Pick<Onboarded, 'state' | 'reason'>)[];
  /** False: no server runs, so they wait for one. */
  served: boolean;
  /** The target stands still: why. */
  paused: string | null;
  timedOut: boolean;
}

export const targetInvite = () =>
  new Command('invite')
    .description('invite many people: they become users of the directory, and follow into the target like all others')
    .argument('<tenant>')
    .argument('<target>', 'of a type that invites')
    .requiredOption('--file <file>', 'CSV with a header, or NDJSON; "-" reads standard input')
    .option('--update', 'users who are there already become as the file says; without it they are left as they are')
    .option('--wait <seconds>', 'for how long to wait until they are settled; 0: not at all', seconds, 3_600)
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Columns: email (or userName) and, as wanted, userName, givenName, familyName, displayName, externalId, userType, title,
groups (names of groups that are there), roles, organisations; several in one field are separated by ";".
It can be run again: who is there already is not invited again. Exits 1 unless everybody is invited or was there.`,
    )
    .action(
      (tenant: string, target: string, options: { file: string; update?: boolean; wait: number; json?: boolean }) =>
        withApp(async (app) => {
          await requireInviting(app, tenant, target);
          const file = peopleIn(await readGiven(options.file), nameOfGiven(options.file));
          const wanted = { update: options.update === true, waitMs: options.wait * 1_000 };
          const done = await invite(app, { tenant, target }, file, wanted);
          if (options.json) printJson(done);
          else print(invitedText(done, columnsOf()));
          const isOpen = options.wait > 0 && done.waiting > 0;
          if (isOpen || done.refused > 0 || done.problems.length > 0) process.exitCode = 1;
        }),
    );

async function requireInviting({ store, types }: App, tenant: string, target: string): Promise<void> {
  await requireTenant(store, tenant);
  const row = await requireTarget(store, tenant, target);
  if (types.get(row.type)?.capabilities.invites) return;
  throw new AdminError(
    `Target "${target}" is of type "${row.type}", which invites nobody: whoever is in its scope has an account there without that.`,
  );
}

/** @throws AdminError, TargetInputError, StoreUnavailable. */
export async function invite(
  app: App,
  { tenant, target }: { tenant: string; target: string },
  { people, problems }: PeopleFile,
  { update, waitMs }: InviteOptions,
): Promise<Invited> {
  const { store } = app;
  await requireInviting(app, tenant, target);
  const { id: targetId } = await requireTarget(store, tenant, target);
  const since = await store.now();
  const bar = progressBar();
  try {
    const onboarding = await onboardingOf(app, tenant);
    const registered: Registered[] = [];
    const wrong = [...problems];
    for (const [index, person] of people.entries()) {
      const result = await registerOne(onboarding, person, update);
      if (typeof result === 'string') wrong.push({ line: person.line, problem: result });
      else registered.push(result);
      bar.show('registering', index + 1, people.length);
    }
    const ids = registered.map(({ userId }) => userId);
    const until = since + waitMs;
    for (;;) {
      const standing = await onboardedOf(store, { tenant, targetId, since }, ids);
      const { state, paused_reason } = await requireTarget(store, tenant, target);
      const paused = state === 'paused' ? (paused_reason ?? 'by an administrator') : null;
      const open = [...standing.values()].filter((each) => each.state === 'waiting' && !each.held).length;
      const served = open === 0 || (await isServed(store));
      const timedOut = open > 0 && (await store.now()) >= until;
      if (open === 0 || !served || paused !== null || timedOut) {
        return summaryOf(target, { people, problems: wrong, registered, standing, served, paused, timedOut });
      }
      bar.show('inviting', ids.length - open, ids.length);
      await sleep(LOOK_MS);
    }
  } finally {
    bar.clear();
  }
}

const LOOK_MS = 250;

async function onboardingOf({ store, directory, resourceTypes }: App, tenant: string): Promise<Onboarding> {
  const { idp } = await requireTenant(store, tenant);
  const [user, group] = [resourceTypes.get('User'), resourceTypes.get('Group')];
  if (!user || !group) throw new Error('scim-schemas/ defines no User or no Group.');
  return { directory, user, group, caller: { tenant, idp, actor: 'cli' } };
}

/** @returns what is wrong with the person, in words, where something is. */
async function registerOne(onboarding: Onboarding, person: Invitee, update: boolean): Promise<Registered | string> {
  try {
    return await register(onboarding, person, { update });
  } catch (error) {
    if (error instanceof ScimError) return `${person.userName}: ${error.detail}`;
    throw error;
  }
}

interface Done {
  people: readonly Invitee[];
  problems: PeopleFile['problems'];
  registered: readonly Registered[];
  standing: ReadonlyMap<string, Onboarded>;
  served: boolean;
  paused: string | null;
  timedOut: boolean;
}

function summaryOf(target: string, { people, problems, registered, standing, ...about }: Done): Invited {
  const settled = registered.map((each) => {
    const { state = 'waiting', reason = null } = standing.get(each.userId) ?? {};
    return { ...each, state, reason } as const;
  });
  const count = (state: Onboarded['state']) => settled.filter((each) => each.state === state).length;
  return {
    target,
    rows: people.length,
    created: registered.filter(({ how }) => how === 'created').length,
    updated: registered.filter(({ how }) => how === 'updated').length,
    invited: count('invited'),
    existing: count('existing'),
    refused: count('refused'),
    waiting: count('waiting'),
    problems: problems.toSorted((a, b) => a.line - b.line),
    people: settled,
    ...about,
  };
}

/** Of each kind so many are named. */
const SHOWN = 20;

export function invitedText(done: Invited, columns: number): string {
  const { invited, existing, refused, waiting, problems, people, served, paused, timedOut } = done;
  const named = (state: Onboarded['state']) => {
    const lines = people
      .filter((each) => each.state === state)
      .map(({ line, userName, reason }) => `line ${line}, ${userName}${reason ? `: ${reason}` : ''}`);
    return listed(lines);
  };
  const note = !served
    ? 'No server is running (linkspan serve). They are kept: the next one to start invites them.'
    : paused !== null
      ? `The target stands still: ${paused}`
      : timedOut
        ? 'Not all are settled yet; the server goes on with them. The same command waits for them again.'
        : null;
  const lines: [string, string][] = [
    ['invited', good(String(invited))],
    ['existing', String(existing)],
    ...(refused > 0 ? ([['refused', `${bad(String(refused))}${named('refused')}`]] as [string, string][]) : []),
    ...(waiting > 0 ? ([['waiting', `${bad(String(waiting))}${named('waiting')}`]] as [string, string][]) : []),
    ...(problems.length > 0
      ? ([
          [
            'not read',
            `${bad(String(problems.length))}${listed(problems.map(({ line, problem }) => `line ${line}: ${problem}`))}`,
          ],
        ] as [string, string][])
      : []),
  ];
  return [
    `${bold(done.target)}  ${done.created} new ${done.created === 1 ? 'user' : 'users'}, ${done.updated} changed`,
    ...lines.map((line) => factText(line, columns)),
    ...(note ? ['', bad(note)] : []),
  ].join('\n');
}

function listed(lines: readonly string[]): string {
  const shown = lines.slice(0, SHOWN).map((line) => `\n${line}`);
  return `${shown.join('')}${lines.length > SHOWN ? `\nand ${lines.length - SHOWN} more; --json shows all` : ''}`;
}
