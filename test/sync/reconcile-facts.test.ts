import { expect, it } from 'vitest';
import { readFacts } from '../../src/sync/reconcile/facts.ts';
import type { Run } from '../../src/sync/reconcile/run.ts';
import { describeStores } from '../stores.ts';

const RUN = { tenant: 'acme', target_id: 'door' } as Run;
const USERS = ['u1', 'u2', 'u3'];

describeStores('reconcile says nothing of who', (open) => {
  const unsettled = async (change: {
    subject: 'user' | 'group' | 'group-members' | 'target';
    subject_id: string;
    cursor?: string;
  }) => {
    const store = await open();
    const about = { tenant: 'acme', urgent: 0, created_at: 1 } as const;
    const membership = { tenant: 'acme', group_id: 'g1', change_seq: 1 } as const;
    await store.write(async (trx) => {
      await trx
        .insertInto('changes')
        .values({ ...about, ...change })
        .execute();
      await trx
        .insertInto('members')
        .values([
          { ...membership, member_id: 'u1', removed: 0 },
          { ...membership, member_id: 'u3', removed: 1 },
        ])
        .execute();
    });
    return [...(await readFacts(store.read, RUN, USERS)).unsettled].sort();
  };

  it('has a change that has not been fanned out', async () => {
    expect(await unsettled({ subject: 'user', subject_id: 'u2' })).toEqual(['u2']);
  });

  it.each(['group', 'group-members'] as const)(
    'is or was a member of a group of which that is true (%s)',
    async (subject) => {
      expect(await unsettled({ subject, subject_id: 'g1' })).toEqual(['u1', 'u3']);
    },
  );

  it('has not been reached by a change of the rules', async () => {
    expect(await unsettled({ subject: 'target', subject_id: 'door', cursor: 'u1' })).toEqual(['u2', 'u3']);
  });

  it('has nothing to do with it excepted', async () => {
    expect(await unsettled({ subject: 'target', subject_id: 'another' })).toEqual([]);
  });

  it('has a create under way', async () => {
    const store = await open();
    const intent = { tenant: 'acme', target_id: 'door', id: 'i', kind: 'create', keys: '{}', created_at: 1 } as const;
    await store.write((trx) =>
      trx
        .insertInto('intents')
        .values([
          { ...intent, user_id: 'u1' },
          { ...intent, user_id: 'u2', closed_at: 2 },
        ])
        .execute(),
    );
    expect([...(await readFacts(store.read, RUN, USERS)).unsettled]).toEqual(['u1']);
  });
});
