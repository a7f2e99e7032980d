import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readArguments, Usage } from '../../compliance/arguments.ts';

let folder: string;
const at = (name: string) => path.join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'compliance-'));
  await writeFile(at('token'), 'from-file\n');
  await writeFile(at('text'), 'no json');
  await writeFile(at('waivers.json'), '[{"requirement":"RFC7644-3.3-4","reason":"r","source":"s"}]');
  await writeFile(at('half.json'), '[{"requirement":"RFC7644-3.3-4"}]');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const URL_GIVEN = ['--url', 'https://example.com/scim'];
const read = (args: readonly string[], env: NodeJS.ProcessEnv = { LINKSPAN_COMPLIANCE_TOKEN: 'from-env' }) =>
  readArguments(args, env);

it('has defaults that spare a server elsewhere, and none for this machine', () => {
  expect(read(URL_GIVEN)).toEqual({
    command: 'run',
    url: 'https://example.com/scim',
    token: 'from-env',
    headers: {},
    profile: 'rfc',
    manner: 'strict',
    force: false,
    concurrency: 4,
    rate: 25,
    timeoutMs: 10_000,
    waivers: [],
    reports: {},
    files: [],
  });
  for (const host of ['localhost:1', '127.0.0.1:8080', '[::1]:1'])
    expect(read(['--url', `http://${host}/`]).rate).toBe(0);
  expect(read(['--url', 'http://localhost.example.com/']).rate).toBe(25);
});

it('takes the token from the command line, a file or the environment, in that order', () => {
  expect(read([...URL_GIVEN, '--token', 'Bearer given', '--token-file', at('token')]).token).toBe('given');
  expect(read([...URL_GIVEN, '--token-file', at('token')]).token).toBe('from-file');
  expect(read([...URL_GIVEN, '--header', 'X-Api-Key=abc'], {})).toMatchObject({
    token: '',
    headers: { 'X-Api-Key': 'abc' },
  });
});

it('knows reports with a file, and without one', () => {
  expect(read([...URL_GIVEN, '--json', '--junit', 'x.xml']).reports).toEqual({ json: '-', junit: 'x.xml' });
  expect(read([...URL_GIVEN, '--html', 'x.html', '--json', '-']).reports).toEqual({ json: '-', html: 'x.html' });
});

it('reads waivers and headers', () => {
  const { waivers, headers } = read([
    ...[...URL_GIVEN, '--waivers', at('waivers.json')],
    ...['--header', 'a=1', '--header', 'B: 2=3'],
  ]);
  expect(waivers).toEqual([{ requirement: 'RFC7644-3.3-4', reason: 'r', source: 's' }]);
  expect(headers).toEqual({ a: '1', B: '2=3' });
});

it('asks for nothing to list, to help and to compare', () => {
  expect(read(['--list'], {}).command).toBe('list');
  expect(read(['-h'], {}).command).toBe('help');
  expect(read(['compare', 'a', 'b'], {})).toMatchObject({ command: 'compare', files: ['a', 'b'] });
  expect(read([...URL_GIVEN, '--clean-up']).command).toBe('clean-up');
});

it.each([
  [[], '--url is missing'],
  [['--url', 'example.com'], '"example.com" is not an http or https URL'],
  [['--url', 'https://u:p@example.com'], 'holds a user or password'],
  [['--url'], "'--url <value>' argument missing"],
  [['--nothing'], "Unknown option '--nothing'"],
  [['measure'], '"measure" is not understood'],
  [['compare', 'a'], 'compare takes two files'],
  [[...URL_GIVEN, '--profile', 'toString'], 'There is no profile "toString"; there are rfc, entra, okta, dialects'],
  [[...URL_GIVEN, '--strict', '--tolerant'], 'exclude each other'],
  [[...URL_GIVEN, '--concurrency', '0'], '--concurrency 0 is not a number from 1 to 64'],
  [[...URL_GIVEN, '--timeout', 'x'], '--timeout x is not a number'],
  [[...URL_GIVEN, '--rate', ''], '--rate  is not a number'],
  [[...URL_GIVEN, '--header', 'no value'], '--header "no value" is not name=value'],
  [[...URL_GIVEN, '--header', 'a=b\r\nc: d'], 'is not name=value'],
  [[...URL_GIVEN, '--token', 'a b'], 'no HTTP header can carry'],
  [[...URL_GIVEN, '--token-file', '/nowhere'], '/nowhere cannot be read (ENOENT)'],
  [[...URL_GIVEN, '--ca', '/nowhere'], '/nowhere cannot be read'],
])('says what is wrong with %j', (args, words) => {
  expect(() => read(args)).toThrow(Usage);
  expect(() => read(args)).toThrow(words);
});

it('says what is wrong with files and with a missing token', () => {
  expect(() => read([...URL_GIVEN, '--waivers', at('text')])).toThrow('is not JSON');
  expect(() => read([...URL_GIVEN, '--waivers', at('half.json')])).toThrow('should be a list of');
  expect(() => read(URL_GIVEN, {})).toThrow('There is no token');
});
