import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

it('linkspan target groups says which group grants what to how many, what was refused, and what matches nothing', async () => {
  const { run, scim, settled } = await served();
  const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
  const joe = (await scim('POST', '/Users', { userName: 'joe' })).body.id;
  const inner = (await scim('POST', '/Groups', { displayName: 'Guides', members: [{ value: joe }] })).body.id;
  const members = [{ value: jane }, { value: inner }];
  await scim('POST', '/Groups', { displayName: 'Event 1001', members });
  await scim('POST', '/Groups', { displayName: 'Event 9999', members: [{ value: jane }] });
  await settled();
  const { stdout, code } = await run('target', 'groups', 'acme', 'door');
  expect(code).toBe(0);
  expect(stdout).toMatch(/\ngroup {2}Event 1001 {2}1001 {4}2\ngroup {2}Event 9999 {2}9999 {4}1\n/);
  expect(stdout).toMatch(/\n1001 {3}2 {7}2 {5}as it should be\n9999 {3}1 {7}0 {5}1 refused: .*9999/);
  expect(stdout).toMatch(/Match no rule, and grant nothing here:\n {2}group Guides/);
  expect(JSON.parse((await run('target', 'groups', 'acme', 'door', '--json')).stdout)).toMatchObject({
    target: 'door',
    users: 2,
    granting: [{ name: 'Event 1001', users: 2 }, { name: 'Event 9999' }],
    unmatched: [],
  });
  const explained = await run('explain', 'acme', 'joe', '--target', 'door');
  expect(explained.stdout).toMatch(/granted +1001, by the group "Event 1001"\n +no grant by +Guides/);
});

it('linkspan target set takes groups and a table, keeps the other rules, and warns of groups that are not there', async () => {
  const { run, app, scim } = await served();
  const folder = await mkdtemp(path.join(tmpdir(), 'linkspan-csv-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'grants.csv');
  await writeFile(file, 'group,grant\nSales,1002\nSales,1003\nNobody,1004\n');
  await scim('POST', '/Groups', { displayName: 'Sales' });
  const rules = async () => {
    const rows = await app.store.read.selectFrom('targets').select('rules').where('name', '=', 'door').execute();
    return JSON.parse(rows[0]?.rules ?? '{}');
  };
  const set = await run(
    'target',
    'set',
    'acme',
    'door',
    '--group',
    'Staff',
    '--group',
    'sales',
    '--assignments-file',
    file,
  );
  expect(set.code).toBe(0);
  expect(set.stderr).toBe(
    'Note: No group is called "Staff" now: nobody is in scope by it until there is one.\n' +
      'Note: No group is called "Nobody" now: it grants nothing until there is one.\n',
  );
  const table = [
    { group: 'Sales', grants: ['1002', '1003'] },
    { group: 'Nobody', grants: ['1004'] },
  ];
  expect(await rules()).toMatchObject({
    groups: ['Staff', 'sales'],
    assignments: [{ groupPrefix: 'Event ' }, ...table],
  });
  expect((await run('target', 'list', 'acme')).stdout).toMatch(/, and in the groups "Staff" or "sales"\n/);
  const report = await run('target', 'groups', 'acme', 'door');
  expect(report.stdout).toMatch(
    /Rules that match nothing:\n {2}no group begins with "Event "\n {2}no group is called "Nobody"\n$/,
  );
  await run('target', 'set', 'acme', 'door', '--everybody');
  expect(await rules()).toMatchObject({ groups: null, scope: null });

  await writeFile(file, 'group,grant,kind\nSales,1,room\n');
  const refused = await run('target', 'set', 'acme', 'door', '--assignments-file', file);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/assignments\.1: kind "room" is not known here; known: event/),
  });
  const missing = await run('plan', 'acme', 'door', '--assignments-file', path.join(folder, 'none.csv'));
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/none\.csv/) });
});
