import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { invite, invitedText } from '../../src/cli/invite.ts';
import { peopleIn } from '../../src/cli/people-file.ts';
import { pauseByAdmin, setTarget } from '../../src/sync/admin/targets.ts';
import { withPartner } from '../sync/partner.ts';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 120_000 });

const WHERE = { tenant: 'acme', target: 'partner' };
const NOW = { update: false, waitMs: 20_000 };

const CSV = `E-Mail,Given name,Family name,Roles
jane@example.com,Jane,"Doe, née
Roe",Viewer;Editor
joe@example.com,Joe,,
JOE@example.com,Joe,,
nobody,No,Body,
`;

describe('a file of people', () => {
  it('is read as a spreadsheet writes it, with what is wrong by line', () => {
    const { people, problems } = peopleIn(`\uFEFF${CSV}`, 'x.csv');
    expect(people).toEqual([
      {
        ...{ line: 2, userName: 'jane@example.com', email: 'jane@example.com', givenName: 'Jane' },
        ...{ familyName: 'Doe, née\nRoe', groups: [], roles: ['Viewer', 'Editor'], organisations: [] },
      },
      {
        ...{ line: 4, userName: 'joe@example.com', email: 'joe@example.com', givenName: 'Joe' },
        ...{ groups: [], roles: [], organisations: [] },
      },
    ]);
    expect(problems).toEqual([
      { line: 5, problem: '"JOE@example.com" is on line 4 already' },
      { line: 6, problem: '"nobody" is no e-mail address, and an invitation needs one' },
    ]);
    expect(peopleIn('userName;groups\njane@example.com;A|B\n', 'x').people).toMatchObject([{ groups: ['A', 'B'] }]);
    expect(() => peopleIn('email,shoe size\n', 'x.csv')).toThrow('x.csv has an unknown column "shoe size"');
    expect(() => peopleIn('title\nx', 'x.csv')).toThrow('email or userName among them');
    expect(() => peopleIn('email\n"x', 'x.csv')).toThrow('line 2 is no CSV');
  });

  it('is read as a program writes it', () => {
    const lines = [
      '{"email":"jane@example.com","roles":["Viewer"],"organisations":"A;B","displayName":null}',
      '',
      '{"email":7}',
      '[]',
      '{"email":',
      '{"email":"joe@example.com","shoe":1}',
      '{"email":"joe@example.com","groups":[1]}',
      '{}',
    ];
    const { people, problems } = peopleIn(lines.join('\r\n'), 'x');
    expect(people).toMatchObject([{ line: 1, roles: ['Viewer'], organisations: ['A', 'B'] }]);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8]);
  });
});

describe.each(['sqlite', 'postgres'] as const)('linkspan target invite (%s)', (kind) => {
  it('makes users who are invited once, with the roles of their groups, however often it is run', async () => {
    const set = await withPartner({ kind });
    await set.group('Viewer', []);
    const file = peopleIn(
      'email,displayName,groups\njane@example.com,Jane,Role Viewer\njoe@example.com,Joe,\nann@example.com,Ann,Nobodies\n',
      'x',
    );
    const done = await invite(set.app, WHERE, file, NOW);
    expect(done).toMatchObject({ rows: 3, created: 2, invited: 2, existing: 0, refused: 0, waiting: 0 });
    expect(done.problems).toEqual([{ line: 4, problem: 'ann@example.com: there is no group "Nobodies"' }]);
    expect(set.partner.mailed.toSorted()).toEqual(['jane@example.com', 'joe@example.com']);
    expect(set.member('jane').roles).toEqual(['Viewer']);
    expect(await set.actions()).toEqual([]);

    const changed = peopleIn('email,displayName\njane@example.com,Jane Doe\njoe@example.com,Joe\n', 'x');
    const again = await invite(set.app, WHERE, changed, NOW);
    expect(again).toMatchObject({ created: 0, updated: 0, invited: 0, existing: 2, problems: [] });
    expect(set.member('jane').name).toBe('Jane');
    const updated = await invite(set.app, WHERE, changed, { ...NOW, update: true });
    expect(updated).toMatchObject({ created: 0, updated: 2, invited: 0, existing: 2 });
    await set.settled();
    expect(set.member('jane').name).toBe('Jane Doe');
    expect(set.partner.mailed).toHaveLength(2);
  });

  it('tells who was refused, who waits, and why', async () => {
    const set = await withPartner({ kind });
    await setTarget(set.app, 'acme', 'partner', { rules: { scope: 'userType ne "guest"' } });
    set.partner.fault = (call) => (call === 'POST /invite' ? '400' : null);
    const file = peopleIn('email,displayName,userType\njane@example.com,Jane,\njoe@example.com,Joe,guest\n', 'x');
    const refused = await invite(set.app, WHERE, file, NOW);
    expect(refused).toMatchObject({ invited: 0, refused: 2, waiting: 0 });
    expect(refused.people.map(({ line, reason }) => [line, reason])).toEqual([
      [2, expect.stringContaining('POST /invite answered 400')],
      // Whether there is a row that says why depends on what was fanned out together.
      [3, expect.stringMatching(/has no business in this target|not in scope/)],
    ]);
    await pauseByAdmin(set.app, 'acme', 'partner', 'maintenance');
    const paused = await invite(set.app, WHERE, peopleIn('email,displayName\nann@example.com,Ann\n', 'x'), NOW);
    expect(paused).toMatchObject({ waiting: 1, paused: 'maintenance' });
    const text = invitedText({ ...paused, ...refused, problems: [{ line: 9, problem: 'it is not JSON' }] }, 100);
    expect(text).toMatch(/refused +2\n.*line 2, jane@example.com: POST \/invite answered 400/);
    expect(text).toMatch(/not read +1\n.*line 9: it is not JSON/);
  });

  it('leaves nobody in a group who could not be made', async () => {
    const set = await withPartner({ kind });
    const group = await set.group('Viewer', []);
    await set.hire('other', { externalId: 'e-1', userName: 'jane@example.com' });
    const file = peopleIn('email,groups,title\nann@example.com,Role Viewer,\n', 'x');
    const [ann] = file.people;
    if (!ann) throw new Error('nobody');
    const done = await invite(set.app, WHERE, { people: [{ ...ann, userName: 'a\u0000' }], problems: [] }, NOW);
    expect(done.problems).toHaveLength(1);
    const members = await set.app.store.read
      .selectFrom('members')
      .selectAll()
      .where('group_id', '=', group)
      .where('removed', '=', 0)
      .execute();
    expect(members).toEqual([]);
  });
});

it('linkspan target invite is for targets that invite, and says what is wrong with the file', async () => {
  const { run, config } = await served();
  const file = path.join(config.dataDir, 'people.csv');
  await writeFile(file, 'email\njane@example.com\n');
  for (const [args, problem] of [
    [['acme', 'dashboard', '--file', file], /invites nobody/],
    [['acme', 'nowhere', '--file', file], /no target "nowhere"/],
    [['nobody', 'dashboard', '--file', file], /no tenant "nobody"/],
    [['acme', 'dashboard'], /--file/],
  ] as const) {
    const { code, stderr } = await run('target', 'invite', ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(problem);
  }
  expect((await run('target', 'invite', '--help')).stdout).toContain('It can be run again');
});
