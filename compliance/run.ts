/** Plans a run and carries it out: which checks, in what order, what came of each. Prints nothing and ends no process. */
import { setTimeout as sleep } from 'node:timers/promises';
import { checks as allChecks } from './checks/all.ts';
import { type Client, createClient } from './guest/client.ts';
import { converse, type Setting, Skipped } from './guest/conversation.ts';
import { describe, discover } from './guest/discover.ts';
import { type Journal, NO_JOURNAL } from './guest/journal.ts';
import { createKeeper } from './guest/keeper.ts';
import { createNames } from './guest/names.ts';
import { createPace } from './guest/pace.ts';
import { createSecrets } from './guest/secrets.ts';
import { createWire } from './guest/wire.ts';
import type { Manner, Profile, Requirement, Result, Run, Waiver } from './model.ts';
import { activeChecks, activeRequirements, matching, PROFILES } from './profiles.ts';
import { requirements as allRequirements } from './requirements/all.ts';
import type { Check } from './trial.ts';
import { verdictOf } from './verdict.ts';

export interface RunOptions {
  url: string;
  token: string;
  /** Sent with every request; their values are secrets. */
  headers?: Record<string, string>;
  profile?: Profile;
  manner?: Manner;
  filter?: string;
  /** Tries also what the server does not advertise. */
  force?: boolean;
  concurrency?: number;
  timeoutMs?: number;
  /** Requests a second; 0: as fast as it goes. */
  rate?: number;
  ca?: string;
  waivers?: readonly Waiver[];
  /** Opens the journal of this run; where it is absent, nothing is written. */
  journal?: (run: string, base: string) => Journal;
  /** Ends the run early; what was made is still removed. */
  signal?: AbortSignal;
  /** After each check. */
  onResult?(result: Result, done: number, total: number): void;
  /** For tests of the runner itself. */
  checks?: readonly Check[];
  requirements?: readonly Requirement[];
}

/** Stops the whole run: nothing can be measured. The message is for a person. */
export class CannotRun extends Error {}

/** @throws CannotRun */
export async function runCompliance(options: RunOptions): Promise<Run> {
  const { profile = 'rfc', signal, waivers = [] } = options;
  const { manner = PROFILES[profile].manner } = options;
  const startedAt = new Date();
  const started = performance.now();
  const active = activeRequirements(options.requirements ?? allRequirements, profile, manner);
  const planned = matching(activeChecks(options.checks ?? allChecks, active, profile), options.filter);
  if (planned.length === 0) {
    const which = options.filter === undefined ? 'is there yet' : `matches "${options.filter}"`;
    throw new CannotRun(`No check of the profile ${profile} ${which}.`);
  }

  let requests = 0;
  const wire = createWire({ timeoutMs: options.timeoutMs ?? 10_000, ...(options.ca && { ca: options.ca }) });
  const common = {
    url: options.url,
    token: options.token,
    headers: options.headers ?? {},
    wire,
    pace: createPace(options.rate ?? 0),
    onRequest: () => {
      requests++;
    },
  };
  // The clients of the other profiles send no conditions.
  const client = createClient({ ...common, conditions: profile === 'rfc', ...(signal && { signal }) });
  // Removes also when the run was ended.
  const cleaner = createClient({ ...common, patienceMs: 30_000 });
  const names = createNames();
  const keeper = createKeeper(client.base, options.journal?.(names.run, client.base) ?? NO_JOURNAL);
  const headerValues = Object.values(options.headers ?? {});
  const secrets = createSecrets([options.token, ...headerValues], Object.keys(options.headers ?? {}));
  const results = new Map<Check, Result>();
  let leftBehind: string[] = [];
  let server: Awaited<ReturnType<typeof discover>>;
  try {
    await firstContact(client);
    server = await discover(client);
    const setting: Setting = { server, manner, profile, client, keeper, names, secrets, active };
    let silent = 0;
    const one = async (check: Check) => {
      const isGone = silent >= MOST_SILENT;
      const result = await runCheck(check, setting, cleaner, { ...options, waivers }, isGone);
      if (!isGone) silent = isSilent(result) ? silent + 1 : 0;
      results.set(check, result);
      options.onResult?.(result, results.size, planned.length);
    };
    await together(
      planned.filter((each) => !each.alone),
      options.concurrency ?? 4,
      one,
    );
    await together(
      planned.filter((each) => each.alone),
      1,
      one,
    );
  } finally {
    leftBehind = await keeper.cleanAll(cleaner);
    wire.close();
  }
  return {
    version: 1,
    url: client.base,
    profile,
    manner,
    startedAt: startedAt.toISOString(),
    duration: Math.round(performance.now() - started),
    requests,
    server: describe(server),
    requirements: [...active.values()],
    results: planned.flatMap((check) => results.get(check) ?? []),
    leftBehind: leftBehind.map((path) => `${client.base}${path}`),
  };
}

async function runCheck(
  check: Check,
  setting: Setting,
  cleaner: Client,
  { force, signal, waivers = [] }: RunOptions,
  isServerGone: boolean,
): Promise<Result> {
  const started = performance.now();
  const { trial, findings, exchanges, lookedAt } = converse(check, setting);
  let reason: string | null = null;
  if (signal?.aborted) reason = 'the run was ended before';
  else if (isServerGone) reason = 'the server does not answer any more';
  else reason = (!force && check.unless?.(setting.server)) || null;
  if (reason === null) {
    try {
      await check.run(trial);
    } catch (error) {
      if (signal?.aborted) reason = 'the run was ended meanwhile';
      else if (error instanceof Skipped) reason = error.message;
      else reason = `${BROKE_OFF}: ${error instanceof Error ? error.message : error}`;
    }
    await setting.keeper.clean(cleaner, check);
  }
  const shown = exchanges.map((each) => setting.secrets.exchange(each));
  return {
    check: check.id,
    title: check.title,
    feature: check.feature,
    ...verdictOf(check.id, findings, lookedAt.size, reason && setting.secrets.text(reason), waivers),
    requirements: [...lookedAt],
    findings,
    exchanges: shown,
    duration: Math.round(performance.now() - started),
  };
}

/** An answer that no check foresaw, or a fault in the check: nothing the server can be blamed for without looking. */
export const BROKE_OFF = 'the check broke off';

/** So many checks in a row without any answer: the server is gone. */
const MOST_SILENT = 8;
const isSilent = ({ exchanges }: Result) => exchanges.length > 0 && exchanges.every(({ status }) => status === 0);

/** In plain words and at once, before anything is measured: nobody there, no SCIM there, the token refused. */
async function firstContact(client: Client): Promise<void> {
  const users = await client.send('GET', '/Users?startIndex=1&count=1');
  const { status } = users;
  if (status === 0) throw new CannotRun(`${client.base} does not answer: ${users.error}.`);
  if (status === 401 || status === 403)
    throw new CannotRun(
      `${client.base} refuses the token: GET /Users was answered with ${status}. Is it the right one, and not expired?`,
    );
  if (status === 429) throw new CannotRun(`${client.base} keeps answering 429. Try later, or with a lower --rate.`);
  if (status < 300 && isObject(users.json)) return;
  if (status >= 300 && status < 400)
    throw new CannotRun(
      `${client.base} redirects to ${users.headers.location ?? 'somewhere else'}. Give that as --url if it is the server.`,
    );
  const config = await client.send('GET', '/ServiceProviderConfig');
  if (status >= 500 && config.status !== 404)
    throw new CannotRun(`${client.base} is not working: GET /Users was answered with ${status}.`);
  if (config.status === 200 && isObject(config.json)) return;
  throw new CannotRun(
    `There is no SCIM server at ${client.base}: GET /Users was answered with ${status} and ${isObject(users.json) ? 'JSON' : `no JSON (${users.headers['content-type'] ?? 'no media type'})`}. The base URL is what stands before /Users.`,
  );
}

const isObject = (json: unknown) => typeof json === 'object' && json !== null;

async function together(checks: readonly Check[], width: number, one: (check: Check) => Promise<void>): Promise<void> {
  const waiting = [...checks];
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      await one(check);
      // Lets a signal through between checks that answer at once.
      await sleep(0);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
}
