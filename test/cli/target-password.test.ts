import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pauseByAdmin } from '../../src/sync/admin/targets.ts';
import { patch, startLinkspan } from '../linkspan.ts';
import { runCommand } from '../process.ts';
import { describeStores, testDatabase } from '../stores.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

const LONG = 'x'.repeat(257);
const PASSWORD = /^[A-Za-z2-9]{5}(-[A-Za-z2-9]{5}){3}$/;

async function served(databaseUrl: string) {
  const linkspan = await startLinkspan({ databaseUrl });
  const env = {
    LINKSPAN_DATABASE_URL: databaseUrl,
    LINKSPAN_DATA_DIR: linkspan.config.dataDir,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  const run = (words: string[], input?: string) => runCommand(['target', 'password', 'acme', ...words], env, input);
  const { id } = (await linkspan.scim('POST', '/Users', { userName: 'jane' })).body;
  await linkspan.scim('POST', '/Groups', { displayName: 'Event 1001', members: [{ value: id }] });
  await linkspan.settled();
  const stored = async () => {
    const { qflow } = await linkspan.sandbox.state();
    return { dashboard: qflow.users[0]?.password, door: qflow.teamMembers[0]?.password };
  };
  return { ...linkspan, id: String(id), run, stored };
}

describeStores('linkspan target password', (open) => {
  it('sets a random one beside a running server, prints it and nothing else, and notes who and when', async () => {
    const { run, stored, app, id, sandbox, settled } = await served(await open.url());
    for (const target of ['dashboard', 'door'] as const) {
      const before = await sandbox.state();
      const { code, stdout, stderr } = await run([target, 'jane', '--show']);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining(`It is set for jane in "${target}"`),
      });
      expect(stdout.trim()).toMatch(PASSWORD);
      expect((await stored())[target]).toBe(stdout.trim());
      const told = await app.store.read
        .selectFrom('activity')
        .selectAll()
        .where('action', '=', 'set password')
        .execute();
      const activity = told.at(-1);
      expect(activity).toMatchObject({
        ...{ tenant: 'acme', resource_type: 'User', resource_id: id, actor: expect.stringMatching(/^cli:./) },
        detail: JSON.stringify({ changed: [`password in ${target}`] }),
      });
      const calls = app.store.read.selectFrom('calls').select(['method', 'status', 'path']);
      expect(await calls.where('activity_id', '=', activity?.id ?? '').execute()).toContainEqual({
        method: 'PUT',
        status: target === 'dashboard' ? 204 : 200,
        path: expect.stringMatching(/changepassword$|update$/),
      });
      expect(stderr).toContain(`linkspan why ${activity?.id} --tenant acme`);
      const { users, teamMembers, assignments } = (await sandbox.state()).qflow;
      const others = ({ password: _, ...rest }: Record<string, string>) => rest;
      expect([users.map(others), teamMembers.map(others), assignments]).toEqual([
        before.qflow.users.map(others),
        before.qflow.teamMembers.map(others),
        before.qflow.assignments,
      ]);
    }
    await settled();
    const accounts = await app.store.read.selectFrom('accounts').select(['lease_owner', 'outcome']).execute();
    expect(accounts).toEqual([
      { lease_owner: null, outcome: 'done' },
      { lease_owner: null, outcome: 'done' },
    ]);
    expect(await app.store.read.selectFrom('processes').select('id').execute()).toHaveLength(1);
  });
});

describe('linkspan target password', () => {
  const start = async () => {
    const database = await testDatabase('sqlite');
    onTestFinished(() => database.drop());
    return served(database.url);
  };

  it('takes one from standard input, and repeats it nowhere', async () => {
    const { run, stored, app } = await start();
    const { code, stdout, stderr } = await run(['dashboard', 'jane', '--stdin'], 'a secret of my own\n');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('It is set for jane');
    expect((await stored()).dashboard).toBe('a secret of my own');
    for (const table of ['activity', 'calls', 'accounts', 'receipts', 'targets'] as const) {
      expect(JSON.stringify(await app.store.read.selectFrom(table).selectAll().execute())).not.toContain('secret of');
    }
    const json = await run(['dashboard', 'jane', '--stdin', '--json'], 'other');
    expect(JSON.parse(json.stdout)).toMatchObject({
      target: 'dashboard',
      user: 'jane',
      activityId: expect.any(String),
    });
    expect(json.stdout).not.toContain('other');
  });

  it('refuses what can be no password, and sets nothing', async () => {
    const { run, stored } = await start();
    const before = await stored();
    const inputs = { '': 'holds no password', 'two\nlines': 'more than one line', [LONG]: 'longer than 256' };
    for (const [input, said] of Object.entries(inputs)) {
      const { code, stdout, stderr } = await run(['dashboard', 'jane', '--stdin'], input);
      expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining(said) });
    }
    expect(await stored()).toEqual(before);
  });

  it('sets nothing where it would end up in a file unasked, with --json too', async () => {
    const { run, stored } = await start();
    const before = await stored();
    for (const words of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(['dashboard', 'jane', ...words]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^The output goes into a file or a pipe.*--show.*--stdin\.\n$/);
    }
    expect(await stored()).toEqual(before);
    const { stdout } = await run(['dashboard', 'jane', '--json', '--show']);
    expect(JSON.parse(stdout)).toMatchObject({ user: 'jane', password: (await stored()).dashboard });
  });

  it('refuses, in words, who has no account, who should have no access, and a paused target', async () => {
    const { run, scim, app, id, settled, stored } = await start();
    await scim('POST', '/Users', { userName: 'ann' });
    await settled();
    expect(await run(['door', 'ann', '--show'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'ann has no account in "door" yet. See: linkspan explain acme ann\n',
    });
    await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
    await settled();
    const before = await stored();
    expect(await run(['dashboard', 'jane', '--show'])).toMatchObject({
      code: 1,
      stderr: 'jane should have no access to "dashboard" (inactive: disable). Nothing was set.\n',
    });
    await pauseByAdmin(app, 'acme', 'dashboard', 'moving house');
    expect(await run(['dashboard', 'ann', '--show'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is paused (moving house)'),
    });
    expect(await stored()).toEqual(before);
    expect((await run(['nowhere', 'jane', '--show'])).stderr).toContain('no target "nowhere"');
    expect((await run(['door', 'nobody', '--show'])).stderr).toContain('no user "nobody"');
  });

  it('an unclear answer is called that, the password is not shown, and the account is looked at again', async () => {
    const { run, sandbox, settled, app } = await start();
    const match = 'PUT /users/v1/api/user/changepassword';
    await sandbox.faults({ system: 'qflow', kinds: ['500-after'], times: 1, match });
    const generations = () => app.store.read.selectFrom('accounts').select('generation').orderBy('target_id').execute();
    const before = await generations();
    const { code, stdout, stderr } = await run(['dashboard', 'jane', '--show']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^It is not known whether the password was set \(.*500.*\)\. Set another one\.\n$/);
    await settled();
    expect(await generations()).not.toEqual(before);
    expect((await run(['dashboard', 'jane', '--show'])).code).toBe(0);
  });

  it('says why where the system refuses', async () => {
    const { run, sandbox } = await start();
    await sandbox.profile('trust=untrusted');
    const { code, stderr } = await run(['dashboard', 'jane', '--show']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The password was not set: .*trust_required\n$/);
  });
});
