/** The command line: what can be said, and what is wrong with what was said. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Manner, Profile, Waiver } from './model.ts';
import { isProfile, PROFILES } from './profiles.ts';

/** Wrong arguments; the message is for a person. */
export class Usage extends Error {}

export const HELP = `Measures a SCIM 2.0 server against RFC 7643, 7644 and 9865. It makes users and groups of its own, removes them, and
touches nothing else.

Usage: linkspan compliance --url <base> [options]
       linkspan compliance compare <before.json> <after.json>

The server
  --url <base>            what stands before /Users
  --token <token>         bearer token; better: --token-file, or LINKSPAN_COMPLIANCE_TOKEN in the environment
  --token-file <file>     holds the token; - reads it from standard input
  --header <name=value>   sent with every request; may be repeated
  --ca <file>             certificate to trust, in PEM

What is measured
  --profile <name>        ${Object.keys(PROFILES).join(', ')} (default rfc)
  --strict, --tolerant    where the standards and the field differ (default: strict for rfc)
  --filter <text>         only checks of a feature, or with this in their id, title or requirements; several: a,b
  --force                 also what the server does not advertise
  --waivers <file>        JSON: [{"requirement", "check"?, "reason", "source"}]
  --list                  shows the checks and sends nothing

How
  --concurrency <n>       checks at a time (default 4)
  --rate <n>              requests a second, 0 for no limit (default 25; none for this machine)
  --timeout <seconds>     for one answer (default 10)
  --clean-up              only removes what interrupted runs against this server left

Reports, besides the one on the terminal; - or no file: standard output, instead of it
  --json [file]   --junit [file]   --html <file>   --badge <file>

Exit code: 0 no MUST is unmet but for waived ones, 1 some are, 2 it could not run, 130 interrupted.
`;

export interface Arguments {
  command: 'run' | 'list' | 'clean-up' | 'compare' | 'help';
  url: string;
  token: string;
  headers: Record<string, string>;
  profile: Profile;
  manner: Manner;
  filter?: string;
  force: boolean;
  concurrency: number;
  rate: number;
  timeoutMs: number;
  ca?: string;
  waivers: readonly Waiver[];
  /** Kind of report to file; "-": standard output. */
  reports: Partial<Record<Report, string>>;
  /** Of "compare". */
  files: readonly string[];
}

export const REPORTS = ['json', 'junit', 'html', 'badge'] as const;
export type Report = (typeof REPORTS)[number];

/** @throws Usage */
export function readArguments(given: readonly string[], env: NodeJS.ProcessEnv = process.env): Arguments {
  const { values, positionals } = parsed(given);
  const [command, ...rest] = positionals;
  if (command !== undefined && command !== 'compare') throw new Usage(`"${command}" is not understood.`);
  if (command === 'compare' && rest.length !== 2) throw new Usage('compare takes two files that --json wrote.');
  if (values.strict && values.tolerant) throw new Usage('--strict and --tolerant exclude each other.');
  const profile = values.profile ?? 'rfc';
  if (!isProfile(profile))
    throw new Usage(`There is no profile "${profile}"; there are ${Object.keys(PROFILES).join(', ')}.`);
  const headers = Object.fromEntries((values.header ?? []).map(header));
  const needsServer = command === undefined && !values.help && !values.list;
  const url = needsServer ? baseUrl(values.url) : '';
  const hasOwnCredential = Object.keys(headers).some((name) => /authorization|key|token/i.test(name));
  return {
    command: values.help
      ? 'help'
      : command === 'compare'
        ? 'compare'
        : values.list
          ? 'list'
          : values['clean-up']
            ? 'clean-up'
            : 'run',
    url,
    token: needsServer ? token(values, env, hasOwnCredential) : '',
    headers,
    profile,
    manner: values.strict ? 'strict' : values.tolerant ? 'tolerant' : PROFILES[profile].manner,
    ...(values.filter !== undefined && { filter: values.filter }),
    force: values.force ?? false,
    concurrency: number('--concurrency', values.concurrency, 4, 1, 64),
    rate: number('--rate', values.rate, isThisMachine(url) ? 0 : 25, 0, 10_000),
    timeoutMs: number('--timeout', values.timeout, 10, 0.05, 600) * 1_000,
    ...(values.ca !== undefined && { ca: file(values.ca) }),
    waivers: values.waivers === undefined ? [] : waivers(values.waivers),
    reports: Object.fromEntries(REPORTS.flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]]))),
    files: rest,
  };
}

type Values = ReturnType<typeof parsed>['values'];

function parsed(given: readonly string[]) {
  try {
    return parseArgs({
      args: withFileNames(given),
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        token: { type: 'string' },
        'token-file': { type: 'string' },
        header: { type: 'string', multiple: true },
        ca: { type: 'string' },
        profile: { type: 'string' },
        strict: { type: 'boolean' },
        tolerant: { type: 'boolean' },
        filter: { type: 'string' },
        force: { type: 'boolean' },
        waivers: { type: 'string' },
        list: { type: 'boolean' },
        concurrency: { type: 'string' },
        rate: { type: 'string' },
        timeout: { type: 'string' },
        'clean-up': { type: 'boolean' },
        json: { type: 'string' },
        junit: { type: 'string' },
        html: { type: 'string' },
        badge: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // Node's second sentence speaks of positional arguments, which help nobody here.
    throw new Usage((error instanceof Error ? error.message : String(error)).replace(/\. .*$/s, '.'));
  }
}

/** `--json` at the end or before another option means standard output. */
function withFileNames(given: readonly string[]): string[] {
  return given.flatMap((each, index) => {
    const next = given[index + 1];
    const isBare = REPORTS.some((name) => each === `--${name}`) && (next === undefined || /^-./.test(next));
    return isBare ? [`${each}=-`] : next === '-' && each.startsWith('--') ? [`${each}=-`] : each === '-' ? [] : [each];
  });
}

function baseUrl(given: string | undefined): string {
  if (given === undefined) throw new Usage('--url is missing: the base URL of the server, what stands before /Users.');
  const url = URL.canParse(given) ? new URL(given) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Usage(`"${given}" is not an http or https URL.`);
  if (url.username || url.password)
    throw new Usage('--url holds a user or password; give credentials with --token or --header.');
  return given;
}

function token(values: Values, env: NodeJS.ProcessEnv, hasOwnCredential: boolean): string {
  const from = values['token-file'];
  const found = values.token ?? (from === undefined ? env.LINKSPAN_COMPLIANCE_TOKEN : file(from === '-' ? 0 : from));
  const text = (found ?? '').trim().replace(/^Bearer +/i, '');
  if (text === '' && !hasOwnCredential)
    throw new Usage(
      'There is no token: give --token-file, --token or LINKSPAN_COMPLIANCE_TOKEN, or a --header that lets us in.',
    );
  if (/[^\x21-\x7e]/.test(text)) throw new Usage('The token holds characters that no HTTP header can carry.');
  return text;
}

function header(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)\s*[=:]\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined || /[\r\n]/.test(value))
    throw new Usage(`--header "${text.slice(0, 20)}" is not name=value.`);
  return [name, value];
}

function number(option: string, given: string | undefined, otherwise: number, least: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (given.trim() === '' || !(value >= least && value <= most))
    throw new Usage(`${option} ${given} is not a number from ${least} to ${most}.`);
  return value;
}

function waivers(name: string): Waiver[] {
  let list: unknown;
  try {
    list = JSON.parse(file(name));
  } catch (error) {
    if (error instanceof Usage) throw error;
    throw new Usage(`${name} is not JSON.`);
  }
  const text = (value: unknown) => typeof value === 'string' && value !== '';
  const isWaiver = (each: Partial<Waiver> | null) =>
    text(each?.requirement) &&
    text(each?.reason) &&
    text(each?.source) &&
    (each?.check === undefined || text(each.check));
  if (!Array.isArray(list) || !list.every(isWaiver))
    throw new Usage(
      `${name} should be a list of {"requirement", "reason", "source"}, and "check" where only one is meant.`,
    );
  return list;
}

function file(name: string | 0): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw new Usage(
      `${name === 0 ? 'Standard input' : name} cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    );
  }
}

function isThisMachine(url: string): boolean {
  return URL.canParse(url) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
