/** What an identity provider that sends `password` sees (RFC 7643 sections 4.1.1 and 7), and what is left behind of it. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { BULK_REQUEST_URN } from '../../src/scim/bulk.ts';
import { requireTarget, resumeByAdmin } from '../../src/sync/admin/targets.ts';
import { explain } from '../../src/sync/explain/explain.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import { whyUser } from '../../src/sync/why/timeline.ts';
import { whyRequest } from '../../src/sync/why/why.ts';
import { type Linkspan, patch, type StartOptions, startLinkspan } from '../linkspan.ts';
import { startPassing } from '../passing.ts';

const SECRET = 'Tr0ub4dor&3-"\\ä';

describe.each(['sqlite', 'postgres'] as const)('a password that is written (%s)', (kind) => {
  it('is returned by no answer, whatever is asked for', async () => {
    const { scim, settled } = await startPassing({ kind });
    const user = { userName: 'jane@example.com', password: SECRET };
    const created = await scim('POST', '/Users?attributes=userName,password', user);
    const { id } = created.body;
    const answers = [
      created,
      await scim('PUT', `/Users/${id}?attributes=password,userName`, { ...user, title: 'x', password: `${SECRET}2` }),
      await scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'password', value: `${SECRET}3` })),
      await scim('PATCH', `/Users/${id}?attributes=password`, patch({ op: 'add', value: { password: `${SECRET}4` } })),
      await scim('POST', '/Bulk', bulk('PATCH', `/Users/${id}?attributes=password`, setting(`${SECRET}5`))),
      await scim('GET', `/Users/${id}?attributes=password`),
      await scim('GET', '/Users?attributes=password'),
      await scim('POST', '/Users/.search', { attributes: ['password'] }),
    ];
    await settled();
    answers.push(await scim('GET', `/Users/${id}`));
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 200, 200, 200, 200, 200, 200, 200]);
    expect(mentions(answers.map(({ body }) => body))).toBe(false);
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain('"password"');
  });

  it('makes a new version and an activity that says so and not what, and nothing else', async () => {
    const { app, scim, settled, passwords } = await startPassing({ kind });
    const created = await scim('POST', '/Users', { userName: 'jane@example.com' });
    await settled();
    const set = await scim('PATCH', `/Users/${created.body.id}`, setting(SECRET));
    expect(set.headers.get('etag')).toBe('W/"2"');
    const { meta: _, ...before } = created.body;
    expect(set.body).toMatchObject(before);
    await settled();
    const rows = await app.store.read.selectFrom('activity').selectAll().orderBy('at').execute();
    expect(rows.map(({ action, detail }) => [action, JSON.parse(detail)])).toEqual([
      ['create', { changed: ['userName', 'active'] }],
      ['patch', { changed: ['password'] }],
    ]);
    expect(await passwords()).toEqual([]);
  });

  it('is passed over where no target is given passwords: no version, no activity, no change, nothing kept', async () => {
    const { app, scim, settled } = await startLinkspan({ kind, targets: ['dashboard'] });
    const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com', password: SECRET })).body;
    await settled();
    const set = await scim('PATCH', `/Users/${id}`, setting(SECRET));
    expect([set.status, set.headers.get('etag')]).toEqual([200, 'W/"1"']);
    expect(await scim('PUT', `/Users/${id}`, { userName: 'jane@example.com', password: SECRET })).toMatchObject({
      status: 200,
    });
    for (const table of ['passwords', 'changes'] as const) {
      expect(await app.store.read.selectFrom(table).selectAll().execute()).toEqual([]);
    }
    expect(await app.store.read.selectFrom('activity').select('action').execute()).toEqual([{ action: 'create' }]);
  });

  it('of one tenant is nothing to another', async () => {
    const { addTenant, passwords, pause } = await startPassing({ kind });
    await pause();
    const other = await addTenant('other', { targets: ['dashboard'] });
    await other('POST', '/Users', { userName: 'joe@example.com', password: SECRET });
    expect(await passwords()).toEqual([]);
  });

  it('is kept only with the change that it came with', async () => {
    const { scim, passwords, pause } = await startPassing({ kind });
    const { id } = (await scim('POST', '/Users', { userName: 'jane@example.com' })).body;
    await pause();
    const refused = [
      await scim('POST', '/Users', { userName: 'jane@example.com', password: SECRET }),
      await scim(
        'PATCH',
        `/Users/${id}`,
        patch({ op: 'add', value: { password: SECRET } }, { op: 'remove', path: 'userName' }),
      ),
      await scim('PATCH', `/Users/${id}`, setting(SECRET), { 'if-match': 'W/"7"' }),
      await scim('PUT', `/Users/${id}`, { password: SECRET }),
      await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'password', value: { value: SECRET } })),
      await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: `password[value eq "${SECRET}"]`, value: 'x' })),
      await scim('GET', `/Users?filter=${encodeURIComponent('password eq "Tr0ub4dor"')}`),
    ];
    expect(refused.map(({ status }) => status)).toEqual([409, 400, 412, 400, 400, 400, 400]);
    expect(JSON.stringify(refused.map(({ body }) => body))).not.toContain('Tr0ub4dor');
    expect(await passwords()).toEqual([]);
  });

  it('comes with each user of a Bulk request, also with those that are created together', async () => {
    const { scim, sandbox, settled, passwords, pause, app } = await startPassing({ kind });
    await pause();
    const manager = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    const post = (name: string, boss: string) => ({
      method: 'POST',
      path: '/Users',
      bulkId: name,
      data: {
        userName: `${name}@example.com`,
        password: `${SECRET}-${name}`,
        [manager]: { manager: { value: `bulkId:${boss}` } },
      },
    });
    const answer = await scim('POST', '/Bulk', {
      schemas: [BULK_REQUEST_URN],
      Operations: [post('jane', 'joe'), post('joe', 'ann'), post('ann', 'jane')],
    });
    expect(answer.body.Operations.map(({ status }: { status: string }) => status)).toEqual(['201', '201', '201']);
    expect(await passwords()).toHaveLength(3);
    await resumeByAdmin(app, 'acme', 'dashboard');
    await settled();
    const { users } = (await sandbox.state()).qflow;
    expect(users.map(({ userName, password }) => [userName, password]).sort()).toEqual(
      ['ann', 'jane', 'joe'].map((name) => [`DEMO/${name}@example.com`, `${SECRET}-${name}`]),
    );
    expect(await passwords()).toEqual([]);
  });

  it('is in clear text nowhere: database, logs, activity, calls, explanations, errors, quirks, the call log', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    const linkspan = await startPassing({ kind, log });
    const { app, scim, settled, sandbox, pause } = linkspan;
    const created = await scim('POST', '/Users', {
      userName: 'jane@example.com',
      Password: SECRET,
      'urn:ietf:params:scim:schemas:core:2.0:User:password': undefined,
    });
    const { id } = created.body;
    await settled();
    await sandbox.faults({ system: 'qflow', match: 'PUT /users/v1/api/user/changepassword', kinds: ['500'], times: 1 });
    await scim('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'PASSWORD', value: `${SECRET}2` }));
    await settled();
    expect((await sandbox.state()).qflow.users[0]?.password).toBe(`${SECRET}2`);
    await pause();
    const { headers } = await scim('PATCH', `/Users/${id}`, setting(`${SECRET}3`));
    await scim('PATCH', `/Users/${id}`, patch({ op: 'add', path: 'password', value: [SECRET, SECRET] }));
    await app.quirks.flush();

    const lane = await openLane(await requireTarget(app.store, 'acme', 'dashboard'), { ...app, onCall: () => {} });
    const explained = JSON.stringify(await explain(app.store, [lane], 'acme', id));
    expect(explained).toContain('to be set');
    const told = [
      explained,
      JSON.stringify(await whyRequest(app.store, 'acme', headers.get('x-request-id') ?? '')),
      JSON.stringify(await whyUser(app.store, 'acme', id)),
      JSON.stringify(await sandbox.calls()),
      lines.join(''),
      await everyTable(linkspan),
    ];
    expect(told.map((text) => mentions(text))).toEqual(told.map(() => false));
    expect(told[1]).toContain('"changed":["password"]');
    expect(lines.length).toBeGreaterThan(0);
    await linkspan.close();
    expect(await filesOf(linkspan, kind)).toBe(false);
  });
});

function setting(password: string) {
  return patch({ op: 'replace', path: 'password', value: password });
}

function bulk(method: string, route: string, data: unknown) {
  return { schemas: [BULK_REQUEST_URN], Operations: [{ method, path: route, data }] };
}

/** In any of the forms that it may take in a text. */
const FORMS = [SECRET, JSON.stringify(SECRET).slice(1, -1), encodeURIComponent(SECRET), 'Tr0ub4dor', 'VHIwdWI0ZG9y'];

function mentions(what: unknown): boolean {
  const text = typeof what === 'string' ? what : JSON.stringify(what);
  return FORMS.some((form) => text.includes(form));
}

async function everyTable({ app: { store } }: Linkspan): Promise<string> {
  const tables = await store.read.introspection.getTables();
  expect(tables.map(({ name }) => name)).toContain('passwords');
  const dumps = await Promise.all(
    tables.map(async ({ name }) => (await sql`select * from ${sql.table(name)}`.execute(store.read)).rows),
  );
  return JSON.stringify(dumps);
}

/** The database file, its log and whatever else lies beside it; PostgreSQL's are not ours. */
async function filesOf({ config }: Linkspan, kind: StartOptions['kind']): Promise<boolean> {
  if (kind === 'postgres') return false;
  const directory = path.dirname(config.databaseUrl.replace(/^sqlite:/, ''));
  const files = await readdir(directory);
  expect(files).toContain('linkspan.db');
  const contents = await Promise.all(files.map((file) => readFile(path.join(directory, file))));
  return contents.some((content) => FORMS.some((form) => content.includes(form)));
}
