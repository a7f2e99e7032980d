import { describe, expect, it } from 'vitest';
import { eventually, patch, startLinkspan } from '../linkspan.ts';

const HOUR = 3_600_000;

/** A tenant whose database's clock can be set. @param offset how far it is ahead of the machine's own. */
async function withClock(offset = 0, pace = {}) {
  const clock = () => Date.now() + offset;
  const linkspan = await startLinkspan({ targets: ['dashboard'], store: { clock }, pace });
  const set = (ms: number) => {
    offset += ms;
  };
  return { ...linkspan, set };
}

describe.each([
  ['back by an hour', -HOUR],
  ['back by ten seconds', -10_000],
  ['forward by a day', 24 * HOUR],
])('a clock that is set %s', (_, jump) => {
  it('keeps nobody waiting in a backoff, with an open create, or before the first look', async () => {
    const { scim, sandbox, settled, set } = await withClock();
    const jane = (await scim('POST', '/Users', { userName: 'jane' })).body.id;
    await settled();
    await sandbox.faults({ kinds: ['500'], match: 'PUT /users/v1/api/user' });
    await scim('PATCH', `/Users/${jane}`, patch({ op: 'replace', value: { name: { familyName: 'Roe' } } }));
    await eventually('an attempt', async () => (await sandbox.calls()).some(({ fault }) => fault === '500'));
    await sandbox.faults({ kinds: ['lost-response'], match: 'POST /users/v1/api/user', times: 1 });
    await scim('POST', '/Users', { userName: 'john' });
    await eventually('the create', async () => (await sandbox.state()).qflow.users.length === 2);
    await scim('POST', '/Users', { userName: 'late' });
    set(jump);
    await settled();
    const { users } = (await sandbox.state()).qflow;
    expect(users.map(({ userName }) => userName).sort()).toEqual(['DEMO/jane', 'DEMO/john', 'DEMO/late']);
    expect(users.find(({ userName }) => userName === 'DEMO/jane')).toMatchObject({ lastName: 'Roe' });
  });

  it('there and back takes nothing from anybody and gives nothing twice', async () => {
    const { app, scim, sandbox, settled, set } = await withClock();
    for (let n = 0; n < 6; n++) {
      const { id } = (await scim('POST', '/Users', { userName: `user${n}` })).body;
      set(n % 2 === 0 ? jump : -jump);
      if (n % 3 === 0) await scim('DELETE', `/Users/${id}`);
    }
    await settled(25_000);
    const names = (await sandbox.state()).qflow.users.map(({ userName }) => userName);
    expect(names.sort()).toEqual(['DEMO/user1', 'DEMO/user2', 'DEMO/user4', 'DEMO/user5']);
    const open = await app.store.read.selectFrom('intents').select('id').where('closed_at', 'is', null).execute();
    expect(open).toEqual([]);
  });
});

it("a paused target is probed in its time, though the database's clock is an hour ahead of the machine's", async () => {
  const { app, scim, sandbox, settled } = await withClock(HOUR, { failuresInRow: 3 });
  const states = () => app.store.read.selectFrom('targets').select('state').execute();
  await sandbox.faults({ kinds: ['500'] });
  await scim('POST', '/Users', { userName: 'jane' });
  await eventually('it is paused', async () => (await states())[0]?.state === 'paused');
  const mark = await sandbox.mark();
  await eventually('it was probed again', async () => (await sandbox.mark()) > mark + 3);
  await sandbox.faults({ rate: 0 });
  await settled();
  expect((await sandbox.state()).qflow.users.map(({ userName }) => userName)).toEqual(['DEMO/jane']);
});
