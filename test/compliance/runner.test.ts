import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checks as allChecks } from '../../compliance/checks/all.ts';
import { checks as authentication } from '../../compliance/checks/authentication.ts';
import { checks as create } from '../../compliance/checks/create.ts';
import { checks as remove } from '../../compliance/checks/delete.ts';
import { checks as discovery } from '../../compliance/checks/discovery.ts';
import { checks as errors } from '../../compliance/checks/errors.ts';
import { checks as http } from '../../compliance/checks/http.ts';
import { checks as read } from '../../compliance/checks/read.ts';
import { checks as users } from '../../compliance/checks/users.ts';
import type { Requirement, Run } from '../../compliance/model.ts';
import { requirements as allRequirements } from '../../compliance/requirements/all.ts';
import { BROKE_OFF, CannotRun, type RunOptions, runCompliance } from '../../compliance/run.ts';
import type { Check, Trial } from '../../compliance/trial.ts';
import { unusedWaivers } from '../../compliance/verdict.ts';
import { runProcess } from './child.ts';
import { type Front, startFront } from './front.ts';
import { type OwnServer, ownServer } from './own-server.ts';
import { CASES } from './spoils.ts';
import { type Answer, strangeServer } from './strange-server.ts';

const OWN = [...authentication, ...discovery, ...http, ...errors, ...users, ...create, ...read, ...remove];

let server: OwnServer;
let front: Front;
beforeAll(async () => {
  server = await ownServer();
  front = await startFront(server.url);
});
afterAll(async () => {
  front?.close();
  await server?.close();
});

const run = (options: Partial<RunOptions> = {}) =>
  runCompliance({ url: server.url, token: server.token, checks: OWN, ...options });

/** How many users and groups there are. */
async function population({ url, token } = server): Promise<number[]> {
  const total = async (at: string) => {
    const answer = await fetch(`${url}${at}`, { headers: { authorization: `Bearer ${token}` } });
    return ((await answer.json()) as { totalResults: number }).totalResults;
  };
  return [await total('/Users?count=0'), await total('/Groups?count=0')];
}

const verdicts = ({ results }: Run) => Object.fromEntries(results.map(({ check, verdict }) => [check, verdict]));

describe('every check', () => {
  it('has an id of its own, and names requirements that exist and can be seen', () => {
    const ids = allChecks.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const visible = new Set(allRequirements.filter(({ unseen }) => unseen === undefined).map(({ id }) => id));
    const unknown = allChecks.flatMap(({ id, requirements }) =>
      requirements.filter((each) => !visible.has(each)).map((each) => `${id}: ${each}`),
    );
    expect(unknown).toEqual([]);
  });

  it.each(['sqlite', 'postgres'] as const)('passes on our own server on %s, and leaves nothing there', async (kind) => {
    const own = kind === 'sqlite' ? server : await ownServer(kind);
    onTestFinished(() => (own === server ? undefined : own.close()));
    const before = await population(own);
    const found = await run(own);
    expect(
      found.results.filter(({ verdict }) => verdict !== 'PASS').map(({ check, reason }) => [check, reason]),
    ).toEqual([['errors/unsupported', 'it supports PATCH']]);
    expect(found.leftBehind).toEqual([]);
    expect(await population(own)).toEqual(before);
    expect(JSON.stringify(found)).not.toContain(own.token);
  });

  it('has a fault that it sees, for each of its requirements', () => {
    const wanted = OWN.flatMap(({ id, requirements }) => requirements.map((each) => `${id} ${each}`));
    expect(
      wanted.filter((each) => !CASES.some(([check, , requirement]) => each === `${check} ${requirement}`)),
    ).toEqual([]);
  });

  it.each(CASES)('%s sees a fault: %s (%s)', async (id, _fault, requirement, spoil) => {
    front.spoil(spoil());
    const checks = OWN.filter((each) => each.id === id);
    expect(checks).toHaveLength(1);
    const { results } = await run({ url: front.url, checks });
    const [result] = results;
    expect(result?.findings.map((each) => each.requirement)).toContain(requirement);
    const level = allRequirements.find((each) => each.id === requirement)?.level;
    if (level === 'MUST') expect(result?.verdict).toBe('FAIL');
    // Whatever shows it is there to be looked at.
    for (const { exchange } of result?.findings ?? []) expect(result?.exchanges[exchange ?? -1]).toBeDefined();
    front.spoil(() => {});
  });

  it('comes to an end on a server that answers nonsense', async () => {
    const nonsense = ['', '[]', '"text"', '{"Resources":{},"id":7,"schemas":"x","meta":[]}', '<html>', 'null'];
    let count = 0;
    front.spoil((passing) => {
      if (passing.path.startsWith('/Users?startIndex')) return;
      passing.body = nonsense[count++ % nonsense.length];
    });
    const { results } = await run({ url: front.url });
    front.spoil(() => {});
    const broken = results.filter(({ reason }) => reason?.startsWith(BROKE_OFF));
    expect(broken.map(({ check, reason }) => [check, reason])).toEqual([]);
  });
});

const requirement = (id: string, rest: Partial<Requirement> = {}): Requirement => ({
  id,
  source: 'RFC 7644',
  section: '1',
  lines: '1-2',
  url: 'https://example.com/',
  level: 'MUST',
  feature: 'users',
  text: 'It is so.',
  ...rest,
});
const MUST = requirement('A-1');
const SHOULD = requirement('A-2', { level: 'SHOULD' });

const check = (id: string, act: (trial: Trial) => Promise<void> | void, rest: Partial<Check> = {}): Check => ({
  id,
  title: 'It does so',
  feature: 'users',
  requirements: ['A-1', 'A-2'],
  run: async (trial) => act(trial),
  ...rest,
});

describe('a run', () => {
  const mini = (checks: Check[], options: Partial<RunOptions> = {}) =>
    run({ checks, requirements: [MUST, SHOULD], ...options });

  it('gives each check its verdict, and says why one was skipped', async () => {
    const found = await mini([
      check('pass', (trial) => void trial.holds('A-1', true, '')),
      check('fail', (trial) => {
        trial.holds('A-2', false, 'x');
        trial.holds('A-1', false, () => 'y');
      }),
      check('warn', (trial) => void trial.holds('A-2', false, 'x')),
      check('needs', (trial: Trial) => trial.needs(false, 'no use')),
      check('fails before it needs', (trial: Trial) => {
        trial.holds('A-1', false, 'x');
        trial.needs(false, 'no use');
      }),
      check('nothing', () => {}),
      check('unless', () => {}, { unless: () => 'it cannot' }),
      check('breaks', () => {
        throw new TypeError('x is not a function');
      }),
      check('foreign', (trial) => void trial.holds('B-1', true, '')),
    ]);
    expect(found.results.map(({ check: id, verdict, reason }) => [id, verdict, reason])).toEqual([
      ['pass', 'PASS', undefined],
      ['fail', 'FAIL', undefined],
      ['warn', 'WARN', undefined],
      ['needs', 'SKIP', 'no use'],
      ['fails before it needs', 'FAIL', undefined],
      ['nothing', 'SKIP', 'there was nothing to look at'],
      ['unless', 'SKIP', 'it cannot'],
      ['breaks', 'SKIP', 'the check broke off: x is not a function'],
      ['foreign', 'SKIP', 'the check broke off: the check foreign does not name the requirement B-1'],
    ]);
  });

  it('tries what is not advertised only when told to', async () => {
    const checks = [check('x', (trial) => void trial.holds('A-1', true, ''), { unless: () => 'no' })];
    expect(verdicts(await mini(checks))).toEqual({ x: 'SKIP' });
    expect(verdicts(await mini(checks, { force: true }))).toEqual({ x: 'PASS' });
  });

  it('waives what its owner has decided, in that check alone where it says so', async () => {
    const checks = ['one', 'two'].map((id) => check(id, (trial) => void trial.holds('A-1', false, 'x')));
    const waiver = { requirement: 'A-1', check: 'one', reason: 'we know', source: 'decisions.md' };
    const { results } = await mini(checks, { waivers: [waiver] });
    expect(results.map(({ verdict, waiver: by }) => [verdict, by?.reason])).toEqual([
      ['FAIL', 'we know'],
      ['FAIL', undefined],
    ]);
    const partly = [
      check('x', (trial) => {
        trial.holds('A-1', false, 'x');
        trial.holds('A-2', false, 'y');
      }),
    ];
    const [result] = (await mini(partly, { waivers: [{ ...waiver, check: 'x' }] })).results;
    expect([result?.verdict, result?.waiver]).toEqual(['WARN', undefined]);
    const idle = { ...waiver, check: 'two' };
    expect(unusedWaivers([waiver, idle], results.slice(0, 1))).toEqual([idle]);
  });

  it('counts only what the profile and the manner ask for', async () => {
    const requirements = [
      requirement('A-1', { profiles: ['okta'] }),
      requirement('A-2', { manner: 'tolerant' }),
      requirement('A-3', { feature: 'bulk' }),
    ];
    const all = ['A-1', 'A-2', 'A-3'];
    const checks = [
      check('x', (trial) => void all.map((id) => trial.holds(id, false, 'x')), { requirements: all }),
      check('okta', () => {}, { profiles: ['okta'] }),
    ];
    const seen = async (options: Partial<RunOptions>) =>
      (await run({ checks, requirements, ...options })).results.map((result) => [result.check, ...result.requirements]);
    expect(await seen({})).toEqual([['x', 'A-3']]);
    expect(await seen({ manner: 'tolerant' })).toEqual([['x', 'A-2', 'A-3']]);
    expect(await seen({ profile: 'okta', manner: 'strict' })).toEqual([['x', 'A-1'], ['okta']]);
    expect(await seen({ profile: 'okta' })).toEqual([['x', 'A-1', 'A-2'], ['okta']]);
  });

  it('lets some checks be alone, and runs the others beside each other', async () => {
    let running = 0;
    let most = 0;
    let beside = 0;
    const busy = async (isAlone: boolean) => {
      running++;
      most = Math.max(most, running);
      if (isAlone) beside = Math.max(beside, running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
    };
    const checks = [1, 2, 3, 4, 5, 6].map((n) => check(`${n}`, () => busy(n < 3), { alone: n < 3 }));
    const { results } = await mini(checks, { concurrency: 3 });
    expect([most, beside]).toEqual([3, 1]);
    expect(results.map((each) => each.check)).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('takes a time-out for a finding', async () => {
    const { url } = await strangeServer(({ method }) =>
      method === 'GET' ? { body: { Resources: [] } } : { hangs: 'before' },
    );
    const checks = OWN.filter(({ id }) => id === 'create/user');
    const [result] = (await run({ url, checks, timeoutMs: 200 })).results;
    expect(result?.verdict).toBe('FAIL');
    expect(result?.findings[0]?.message).toContain('no answer within 200 ms');
  });

  it('finds the same where the server limits the rate', async () => {
    let refused = 0;
    const { url } = await strangeServer(async ({ method, path: at, headers, body }, number): Promise<Answer> => {
      if (number % 5 === 0) {
        refused++;
        return { status: 429, headers: { 'retry-after': '0' } };
      }
      const answer = await fetch(`${server.url}${at}`, {
        method,
        headers: { authorization: headers.authorization ?? '', 'content-type': 'application/scim+json' },
        ...(body !== '' && { body }),
      });
      const text = (await answer.text()).replaceAll(server.url, `http://${headers.host}`);
      const location = answer.headers.get('location')?.replace(server.url, `http://${headers.host}`);
      return { status: answer.status, body: text, ...(location && { headers: { location } }) };
    });
    const found = await run({ url, checks: [...create, ...remove] });
    expect(found.results.map(({ check: id, verdict }) => [id, verdict])).toEqual(
      [...create, ...remove].map(({ id }) => [id, 'PASS']),
    );
    expect(refused).toBeGreaterThan(5);
    expect(found.leftBehind).toEqual([]);
  });

  it('gives up on a server that has gone', async () => {
    const { url } = await strangeServer((_call, number) =>
      number > 6 ? { closes: true } : { body: { Resources: [] } },
    );
    const checks = Array.from({ length: 20 }, (_, n) =>
      check(`${n}`, async (trial) => void (await trial.send('GET', '/Users?count=1'))),
    );
    const { results } = await run({ url, checks, requirements: [MUST, SHOULD], concurrency: 1 });
    expect(results.at(-1)?.reason).toBe('the server does not answer any more');
  });

  it('ends early when told to, and removes what it made', async () => {
    const before = await population();
    const stop = new AbortController();
    const checks = [
      check('first', async (trial: Trial) => {
        await trial.makeUser();
        stop.abort();
        await trial.makeUser();
      }),
      check('second', (trial) => void trial.holds('A-1', true, '')),
    ];
    const { results } = await mini(checks, { signal: stop.signal, concurrency: 1 });
    expect(results.map(({ reason }) => reason)).toEqual(['the run was ended meanwhile', 'the run was ended before']);
    expect(await population()).toEqual(before);
  });

  it('removes what a check made before the next one begins', async () => {
    let made = '';
    const { results } = await mini([
      check('makes', async (trial: Trial) => {
        made = (await trial.makeUser()).path;
      }),
      check(
        'looks',
        async (trial: Trial) => {
          trial.holds('A-1', (await trial.send('GET', made)).status === 404, 'it is still there');
        },
        { alone: true },
      ),
    ]);
    expect(results.map(({ verdict }) => verdict)).toEqual(['SKIP', 'PASS']);
  });

  it('ends a check whose conversation never does', async () => {
    const endless = check('endless', async (trial) => {
      for (;;) await trial.send('GET', '/Users?count=1');
    });
    const { results } = await mini([endless]);
    expect(results[0]?.reason).toContain('more than 300 requests');
  });

  it('never changes what it did not make', async () => {
    const theirs = await fetch(`${server.url}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'theirs' }),
    });
    const { id } = (await theirs.json()) as { id: string };
    const { results } = await mini([
      check('careless', async (trial) => {
        await trial.send('GET', '/Users');
        await trial.send('DELETE', `/Users/${id}`);
      }),
    ]);
    expect(results[0]?.reason).toContain('it did not make that');
    expect(results[0]?.exchanges.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each<[string, Parameters<typeof strangeServer>[0], string]>([
    ['refuses the token', () => ({ status: 401 }), 'refuses the token'],
    [
      'is no SCIM server',
      () => ({ body: '<h1>Hello</h1>', headers: { 'content-type': 'text/html' } }),
      'no SCIM server',
    ],
    ['is broken', () => ({ status: 500 }), 'is not working'],
    [
      'sends us elsewhere',
      () => ({ status: 302, headers: { location: 'https://login.example.com/' } }),
      'redirects to',
    ],
  ])('says at once where a server %s', async (_what, answer, words) => {
    const { url } = await strangeServer(answer);
    const running = run({ url });
    await expect(running).rejects.toThrow(CannotRun);
    await expect(running).rejects.toThrow(words);
  });
});

describe('the command', () => {
  const compliance = async (...args: string[]) => {
    const state = await mkdtemp(path.join(tmpdir(), 'compliance-'));
    onTestFinished(() => rm(state, { recursive: true, force: true }));
    const env = { LINKSPAN_COMPLIANCE_STATE: state, LINKSPAN_COMPLIANCE_TOKEN: server.token };
    return { state, ...runProcess(['compliance/main.ts', ...args], env) };
  };

  it('ends with 0 where all is well, and 1 where a MUST is unmet, unless that is waived', async () => {
    front.spoil(({ answerHeaders }) => delete answerHeaders.location);
    const good = (await compliance('--url', server.url, '--filter', 'create/user,create/group')).ended;
    expect(await good).toMatchObject({ code: 0 });
    expect((await good).out).toContain('4 PASS');
    const bad = await compliance('--url', front.url, '--filter', 'create/user', '--json', '-');
    const found = await bad.ended;
    expect(found.code).toBe(1);
    expect((JSON.parse(found.out) as Run).results[0]?.verdict).toBe('FAIL');
    const waivers = path.join(bad.state, 'waivers.json');
    await writeFile(waivers, JSON.stringify([{ requirement: 'RFC7644-3.3-4', reason: 'because', source: 'here' }]));
    const waived = await (await compliance('--url', front.url, '--filter', 'create/user', '--waivers', waivers)).ended;
    expect(waived.code).toBe(0);
    expect(waived.out).toContain('because (here)');
    expect(waived.err).toBe('');
    front.spoil(() => {});
  });

  it('ends with 2 and plain words where it cannot run', async () => {
    const { code, out, err } = await (await compliance('--url', 'http://127.0.0.1:9/')).ended;
    expect([code, out, err]).toEqual([2, '', 'http://127.0.0.1:9 does not answer: nothing listens at 127.0.0.1:9.\n']);
  });

  it('writes the reports that are asked for, and the token into none', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'compliance-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const files = ['json', 'junit', 'html', 'badge'].flatMap((name) => [`--${name}`, path.join(folder, name)]);
    const { code, err } = await (await compliance('--url', server.url, '--filter', 'authentication', ...files)).ended;
    expect([code, err]).toEqual([0, expect.stringContaining('Written')]);
    for (const name of ['json', 'junit', 'html', 'badge']) {
      const text = await readFile(path.join(folder, name), 'utf8');
      expect(text.length, name).toBeGreaterThan(100);
      expect(text, name).not.toContain(server.token);
    }
  });

  it('removes what it made when it is interrupted, and what a killed run left when it is told to', async () => {
    const before = await population();
    let isSlow = true;
    front.spoil(() => {});
    const slow = await strangeServer(async ({ method, path: at, headers, body }) => {
      const answer = await fetch(`${server.url}${at}`, {
        method,
        headers: { authorization: headers.authorization ?? '', 'content-type': 'application/scim+json' },
        ...(body !== '' && { body }),
      });
      const text = await answer.text();
      // After the user is made, so that something is there to be left.
      if (isSlow && method === 'POST') await new Promise((resolve) => setTimeout(resolve, 400));
      return { status: answer.status, body: text };
    });
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      isSlow = true;
      const { child, ended, state } = await compliance('--url', slow.url, '--filter', 'create');
      while (!slow.calls.some(({ method }) => method === 'POST'))
        await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 100));
      child.kill(signal);
      const { code } = await ended;
      isSlow = false;
      slow.calls.length = 0;
      if (signal === 'SIGINT') expect(code).toBe(130);
      else {
        expect(await population()).not.toEqual(before);
        expect(await readdir(state)).toHaveLength(1);
        const env = { LINKSPAN_COMPLIANCE_STATE: state, LINKSPAN_COMPLIANCE_TOKEN: server.token };
        const cleaned = await runProcess(['compliance/main.ts', '--url', slow.url, '--clean-up'], env).ended;
        expect([cleaned.code, cleaned.out]).toEqual([0, expect.stringMatching(/^[1-9]\d* removed, 0 could not be/)]);
      }
      expect(await readdir(state)).toEqual([]);
      expect(await population()).toEqual(before);
    }
  });

  it('lists the checks without a server', async () => {
    const { code, out } = await (await compliance('--list', '--filter', 'delete')).ended;
    expect(code).toBe(0);
    expect(out).toContain('delete/gone');
    expect(out).not.toContain('create/user ');
  });

  it('is a command of the product', async () => {
    const args = ['compliance', '--url', server.url, '--filter', 'users/prepared-names', '--json'];
    const { code, out } = await runProcess(['src/main.ts', ...args], { LINKSPAN_COMPLIANCE_TOKEN: server.token }).ended;
    expect(code).toBe(0);
    expect((JSON.parse(out) as Run).results).toMatchObject([{ verdict: 'PASS' }]);
  });
});
