import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eventually, scimClient, settled, startSandbox } from '../linkspan.ts';
import { freePort, ready, runCommand, startProcess } from '../process.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

async function workspace() {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-cli-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const env = {
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_PORT: String(port),
    LINKSPAN_SANDBOX_PORT: String(sandboxPort),
    LINKSPAN_LOG_LEVEL: 'warn',
  };
  return { dataDir, env, url: `http://127.0.0.1:${port}`, sandboxUrl: `http://127.0.0.1:${sandboxPort}` };
}

describe('linkspan demo', () => {
  it('prints a curl that works as it stands, and shows where the user arrives', async () => {
    const { env, url, sandboxUrl } = await workspace();
    const demo = startProcess(['demo'], env);
    await eventually('the welcome', async () => demo.output().includes('the data stays'));
    const curl = /curl -X POST.*?-d '[^']*'/s.exec(demo.output())?.[0] ?? '';
    const printed = await new Promise<string>((resolve) =>
      execFile('sh', ['-c', `${curl} -s`], (_, out) => resolve(out)),
    );
    expect(JSON.parse(printed)).toMatchObject({ userName: 'jane@example.com', active: true });
    await settled(url);
    const state = await (await fetch(`${sandboxUrl}/sandbox/state`)).json();
    expect(state).toMatchObject({ qflow: { users: [{ userName: 'DEMO/jane@example.com' }] } });
    for (const link of demo.output().match(/http:\/\/\S+\/(?:sandbox|console|admin)\S*/g) ?? []) {
      expect({ link, status: (await fetch(link)).status }).toEqual({ link, status: 200 });
    }
  });

  it('stops cleanly at Ctrl-C, and finds data and token again', async () => {
    const { env, url, dataDir } = await workspace();
    const first = startProcess(['demo'], env);
    await ready(first, url);
    const file = path.join(dataDir, 'demo-secrets.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { token } = JSON.parse(await readFile(file, 'utf8'));
    const scim = scimClient(url, 'demo', token);
    await eventually('the tenant', async () => (await scim('GET', '/Users')).status === 200);
    const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body;
    await settled(url);
    expect(await first.end('SIGINT')).toBe(0);

    const second = startProcess(['demo'], env);
    await ready(second, url);
    expect((await scim('GET', `/Users/${id}`)).body.userName).toBe('jane@example.com');
    await settled(url);
    const explained = await runCommand(['explain', 'jane@example.com', '--json'], env);
    const targets: { target: string; scope: { wanted: string }; actions: { plan: unknown[] } }[] = JSON.parse(
      explained.stdout,
    ).targets;
    expect(Object.fromEntries(targets.map(({ target, scope }) => [target, scope.wanted]))).toEqual({
      dashboard: 'active',
      door: 'none',
      flows: 'active',
      platform: 'active',
      guests: 'none',
    });
    expect(targets.flatMap(({ actions }) => actions.plan)).toEqual([]);
  });

  it('says in a plain sentence that a port is in use', async () => {
    const { env, url } = await workspace();
    await ready(startProcess(['demo'], env), url);
    const other = await workspace();
    const { code, stderr } = await runCommand(['demo'], { ...other.env, LINKSPAN_PORT: env.LINKSPAN_PORT });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`Port ${env.LINKSPAN_PORT} on 127.0.0.1 is in use.`);
  });

  it('ends, with the reason, where its sandbox does not answer', async () => {
    const { env } = await workspace();
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const { code, stderr } = await runCommand(['demo'], { ...env, LINKSPAN_SANDBOX_URL: nobody });
    expect(code).toBe(1);
    expect(stderr).toContain(`The sandbox at ${nobody} does not answer.`);
  });

  it('uses the token and the sandbox that it is given', async () => {
    const { env, url } = await workspace();
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const token = 'a-token-of-my-own';
    await ready(startProcess(['demo'], { ...env, LINKSPAN_DEMO_TOKEN: token, LINKSPAN_SANDBOX_URL: sandbox.url }), url);
    const scim = scimClient(url, 'demo', token);
    await eventually('the tenant', async () => (await scim('GET', '/Users')).status === 200);
    await scim('POST', '/Users', { userName: 'jane' });
    await eventually('the user', async () => (await sandbox.state()).qflow.users.length === 1);
  });
});

describe('linkspan tenant', () => {
  it('shows what its identity provider does otherwise than the RFCs ask, and lets that be refused', async () => {
    const { env: bare, url } = await workspace();
    const env = { ...bare, LINKSPAN_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') };
    await ready(startProcess(['serve'], env), url);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCommand(['tenant', ...args], env);
      if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
      return stdout;
    };
    await run('add', 'acme', '--title', 'Acme', '--idp', 'authentik');
    expect(await run('quirks', 'acme')).toMatch(/^Nothing that "acme" was sent/);
    const scim = scimClient(url, 'acme', (await runCommand(['token', 'add', 'acme'], env)).stdout.trim());

    const body = { userName: 'hunter2', active: 'True', shoeSize: 'hunter2' };
    expect((await scim('POST', '/Users', body, { 'user-agent': 'Shoes/1.0' })).status).toBe(201);
    await eventually('the flush', async () => JSON.parse(await run('quirks', 'acme', '--json')).length === 3);
    const shown = await run('quirks', 'acme');
    expect(shown).toMatch(/^RULE +TIMES +LAST +EXAMPLE\n/);
    expect(shown).toMatch(
      /\nunknown-attribute +1 {2}20\S+ \S+ UTC {2}POST User shoeSize \(Shoes\)\n {2}Sends attributes that /,
    );
    expect(shown).not.toContain('hunter2');
    expect(JSON.parse(await run('quirks', 'acme', '--json'))).toContainEqual({
      rule: 'unknown-attribute',
      count: 1,
      firstAt: expect.any(Number),
      lastAt: expect.any(Number),
      example: { method: 'POST', type: 'User', path: 'shoeSize', client: 'Shoes' },
      does: expect.stringContaining('ignored'),
      advice: expect.any(String),
    });

    expect(await run('set', 'acme', '--profile', 'strict')).toContain('profile strict');
    const { status, body: refused } = await scim('POST', '/Users', { ...body, userName: 'joe' });
    expect(status).toBe(400);
    expect(refused).toMatchObject({ scimType: 'invalidSyntax', detail: expect.stringContaining('shoeSize') });
    await run('set', 'acme', '--title', 'Acme Ltd', '--idp', 'okta');
    const tenants = [{ tenant: 'acme', title: 'Acme Ltd', idp: 'okta', profile: 'strict' }];
    expect(JSON.parse(await run('list', '--json'))).toMatchObject(tenants);
    expect(await run('list')).toMatch(/^TENANT +TITLE +IDP +PROFILE .*\nacme +Acme Ltd +okta +strict /);
    await run('add', 'globex', '--profile', 'strict');
    expect(JSON.parse(await run('list', '--json'))).toMatchObject([
      ...tenants,
      { tenant: 'globex', profile: 'strict' },
    ]);
  });
});

describe('real systems, by commands', () => {
  it('tenant, token and target make what demo makes, beside a running server', async () => {
    const { env: bare, url, dataDir } = await workspace();
    const env = { ...bare, LINKSPAN_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') };
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    await ready(startProcess(['serve'], env), url);
    const run = async (line: string, input?: string) => {
      const { code, stdout, stderr } = await runCommand(line.split(' '), env, input);
      if (code !== 0) throw new Error(`${line}: ${stderr}`);
      return stdout;
    };

    await run('tenant add acme --title Acme');
    const token = (await run('token add acme')).trim();
    const { password, clientSecret, subscriptionKey, baseUrl, tokenUrl, clientId, username } =
      await sandbox.credentials('qflow');
    const secrets = path.join(dataDir, 'secrets.json');
    await writeFile(secrets, JSON.stringify({ password, clientSecret, subscriptionKey }));
    const settings = `--set baseUrl=${baseUrl} --set tokenUrl=${tokenUrl} --set clientId=${clientId} --set username=${username}`;
    await run(`target add acme dashboard qflow-enterprise ${settings} --secrets ${secrets}`);
    await run(
      `target add acme door qflow-team ${settings} --secrets - --only-assigned --grant-groups Event_`,
      JSON.stringify({ password, clientSecret, subscriptionKey }),
    );
    expect(await run('target check acme dashboard')).toMatch(/It works/);
    expect(JSON.parse(await run('target check acme dashboard --json'))).toMatchObject({ works: true });
    const listed = await run('target list acme --json');
    expect(JSON.parse(listed)).toMatchObject([{ name: 'dashboard', state: 'active' }, { name: 'door' }]);
    for (const secret of [password, clientSecret, subscriptionKey]) expect(listed).not.toContain(secret);

    const scim = scimClient(url, 'acme', token);
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    await eventually('the user', async () => (await sandbox.state()).qflow.users.length === 1);

    await run('target pause acme dashboard');
    await eventually('the pause is seen', async () =>
      (await (await fetch(`${url}/metrics`)).text()).includes('target="dashboard"} 1'),
    );
    await scim('DELETE', `/Users/${id}`);
    expect((await sandbox.state()).qflow.users).toHaveLength(1);
    await run('target resume acme dashboard');
    await eventually('the removal', async () => (await sandbox.state()).qflow.users.length === 0);

    await run('target remove acme door');
    expect(JSON.parse(await run('target list acme --json'))).toHaveLength(1);

    const [first] = JSON.parse(await run('token list acme --json')) as { id: string }[];
    await run(`token revoke acme ${first?.id}`);
    await eventually('the revocation is seen', async () => (await scim('GET', '/Users')).status === 401, 2_000);
  });

  it('refuses what cannot be, in plain words and with exit code 1', async () => {
    const { env: bare } = await workspace();
    const env = { ...bare, LINKSPAN_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') };
    const refused: [line: string, reason: RegExp][] = [
      ['tenant add Not_A_Name', /part of the URL/],
      ['tenant add acme --profile lax', /profile.*tolerant, strict/],
      ['tenant set nobody --profile strict', /There is no tenant "nobody"/],
      ['tenant quirks nobody', /There is no tenant "nobody"/],
      ['token add nobody', /There is no tenant "nobody"/],
      ['target list nobody', /There is no tenant "nobody"/],
      ['explain nobody', /There is no tenant "demo"/],
      ['nonsense', /unknown command/],
    ];
    for (const [line, reason] of refused) {
      const { code, stderr } = await runCommand(line.split(' '), env);
      expect({ line, code }).toEqual({ line, code: 1 });
      expect(stderr).toMatch(reason);
      expect(stderr).not.toMatch(/\bat .*\.ts:\d+/);
    }
    await runCommand(['tenant', 'add', 'acme'], env);
    expect((await runCommand(['tenant', 'set', 'acme'], env)).stderr).toMatch(/--title, --idp or --profile/);
    const exposed = await runCommand('target add acme x qflow-team --set password=hunter2'.split(' '), env);
    expect(exposed.stderr).toMatch(/--secrets/);
    const incomplete = await runCommand('target add acme x qflow-team --set clientId=x'.split(' '), env);
    expect(incomplete.stderr).toMatch(/username: /);
    expect(incomplete.stderr).toMatch(/subscriptionKey: is missing/);
    const scope = await runCommand(['target', 'add', 'acme', 'x', 'qflow-team', '--scope', 'userType qe "x"'], env);
    expect(scope.code).toBe(1);
    for (const [file, reason] of [
      ['/no/such/file', 'is not there'],
      [tmpdir(), 'is a directory'],
    ] as const) {
      const unread = await runCommand(['target', 'add', 'acme', 'x', 'qflow-team', '--secrets', file], env);
      expect(unread).toMatchObject({ code: 1, stderr: `The file ${file} ${reason}.\n` });
    }
  });

  it('makes no database where a command is to read one', async () => {
    const { env, dataDir } = await workspace();
    for (const line of ['tenant list', 'hold list acme', 'token add acme']) {
      const { code, stderr } = await runCommand(line.split(' '), env);
      expect({ line, code }).toEqual({ line, code: 1 });
      expect(stderr).toContain(`There is no database at ${path.join(dataDir, 'linkspan.sqlite')}. `);
    }
    expect((await runCommand(['target', 'types'], env)).stderr).toBe('');
    expect(await readdir(dataDir)).toEqual([]);
    expect((await runCommand(['tenant', 'add', 'acme'], env)).code).toBe(0);
    expect((await runCommand(['tenant', 'list'], env)).stdout).toContain('acme');
  });

  it('ends quietly when nobody reads its output any more', async () => {
    const { env: bare } = await workspace();
    const env = { ...process.env, ...bare, LINKSPAN_SECRET_KEY: Buffer.alloc(32, 9).toString('base64') };
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', 'node src/main.ts target types | head -n 1'], {
      env,
    });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringMatching(/^flowmate /), stderr: '' });
  });

  it('will not serve without a key for the secrets, and reports every bad setting at once', async () => {
    const { env } = await workspace();
    expect((await runCommand(['serve'], env)).stderr).toMatch(/LINKSPAN_SECRET_KEY is not set/);
    const { code, stderr } = await runCommand(['serve'], {
      ...env,
      LINKSPAN_PORT: 'eighty',
      LINKSPAN_SECRET_KEY: 'short',
      LINKSPAN_DATABASE_URL: 'mysql://x',
      LINKSPAN_LOG_LEVEL: 'loud',
    });
    expect(code).toBe(1);
    for (const name of ['LINKSPAN_PORT', 'LINKSPAN_SECRET_KEY', 'LINKSPAN_DATABASE_URL', 'LINKSPAN_LOG_LEVEL']) {
      expect(stderr).toContain(name);
    }
  });
});
