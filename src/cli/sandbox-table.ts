/**
 * What the sandboxes serve, as calls to copy into a shell: the log-in of each system first, where it needs one. Made of the
 * routes and the credentials that they themselves declare; no system is known here.
 */
import type { Endpoint } from '../targets/sandbox-host.ts';
import { bold, dim } from './terminal.ts';

/** Of one system, by name: `baseUrl`, `tokenUrl`, `username`, `subscriptionKey` ... */
type Credentials = Readonly<Record<string, string>>;

export interface Served {
  /** Of the sandboxes. */
  url: string;
  endpoints: readonly Endpoint[];
  /** `GET /sandbox/credentials`. */
  credentials: Readonly<Record<string, Credentials>>;
  /** `GET /sandbox/state`, for ids of records that are there. */
  state: Readonly<Record<string, unknown>>;
}

const COLUMNS = 100;

export function sandboxTable({ url, endpoints, credentials, state }: Served): string {
  const systems = [...Map.groupBy(endpoints, ({ system }) => system)].map(([system, served]) => {
    const given = shortened(credentials[system] ?? {}, url);
    const variables = new Map(headersOf(system, given));
    const calls = served.flatMap((call) => broken(curlOf(call, given, state[system], variables)));
    return [
      `${bold(system)}  ${dim(`${served.length} calls`)}`,
      ...[...variables].map(([name, value]) => `${name}=${value}`),
      '',
      ...calls,
    ].join('\n');
  });
  return [`SANDBOX=${url}`, ...systems].join('\n\n');
}

function shortened(given: Credentials, url: string): Credentials {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value.replace(url, '$SANDBOX')]));
}

/** Names of shell variables, each with the header that it holds. */
function headersOf(system: string, given: Credentials): [name: string, value: string][] {
  const name = system.toUpperCase();
  const fixed = given.permanentToken ?? given.token;
  const bearer = fixed ?? (given.tokenUrl ? tokenFrom(given) : undefined);
  return [
    ...(bearer === undefined ? [] : [[`${name}_AUTH`, `"Authorization: Bearer ${bearer}"`] as [string, string]]),
    ...(given.subscriptionKey === undefined
      ? []
      : [[`${name}_KEY`, `"Ocp-Apim-Subscription-Key: ${given.subscriptionKey}"`] as [string, string]]),
  ];
}

/** The log-in, with what is cut out of its answer. */
function tokenFrom(given: Credentials): string {
  const cut = `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
  const [first = '', ...form] = [`curl -s ${given.tokenUrl}`, ...formOf(given)];
  return `$(${first} \\\n  ${broken(form).join('\n')} \\\n    | ${cut})`;
}

const formOf = ({ clientId, clientSecret, username, password }: Credentials): string[] =>
  Object.entries({
    grant_type: 'password',
    client_id: clientId,
    client_secret: clientSecret,
    username,
    password,
  }).map(([name, value]) => `-d ${name}=${value}`);

/** @returns the words of the command. @param variables to which it adds its own. */
function curlOf(
  { system, method, template }: Endpoint,
  given: Credentials,
  state: unknown,
  variables: Map<string, string>,
): string[] {
  if (given.tokenUrl === `$SANDBOX${template}`) return [`curl $SANDBOX${template}`, ...formOf(given)];
  if (template.endsWith('/login')) return [`curl $SANDBOX${template}`, `--json '${logInBody(given)}'`];
  const headers = headersOf(system, given).map(([name]) => `-H "$${name}"`);
  // Nobody who tries all of it should lose what is there.
  const held = method === 'DELETE' ? null : state;
  const address = `$SANDBOX${filled(template, system, given, held, variables)}`;
  if (method === 'GET') return [`curl ${address}`, ...headers];
  const verb = method === 'POST' ? [] : [`-X ${method}`];
  return [`curl ${address}`, ...headers, ...verb, `--json '{}'`];
}

/** Some ask for a user name and some for an e-mail address, which are the same. */
const logInBody = ({ username, password }: Credentials): string =>
  `{"username":"${username}","email":"${username}",\n      "password":"${password}"}`;

const LONG_ID = 12;

/** Parameters are ids: from the credentials, or of the first record of the collection that they name; else the word ID. */
function filled(
  template: string,
  system: string,
  given: Credentials,
  state: unknown,
  variables: Map<string, string>,
): string {
  return template.replace(/([^/]*)\/\{(\w+)\}/g, (_, before: string, name: string) => {
    const camel = name.replace(/_(\w)/g, (_match, letter: string) => letter.toUpperCase());
    const kind = name === 'id' ? before.replace(/s$/, '') : camel.replace(/Id$/, '');
    const known = /Id$/.test(camel) ? given[camel] : undefined;
    const id = known ?? firstOf(state, kind);
    if (id === undefined || id.length < LONG_ID) return `${before}/${id ?? 'ID'}`;
    const variable = `${system}_${kind}`.toUpperCase();
    variables.set(variable, id);
    return `${before}/$${variable}`;
  });
}

function firstOf(state: unknown, kind: string): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/s$/, '');
  const collections = Object.entries((state ?? {}) as Record<string, unknown>);
  const named = collections.find(([name]) => plain(name).endsWith(plain(kind)))?.[1];
  const [first] = (Array.isArray(named) ? named : []) as { id?: string; Id?: string }[];
  return first?.id ?? first?.Id;
}

/** Over several lines where one is too narrow, as a shell reads them. */
function broken(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + word.length + 5 > COLUMNS) {
      lines.push(`${line} \\`);
      line = `    ${word}`;
    } else line = line === '' ? `  ${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
