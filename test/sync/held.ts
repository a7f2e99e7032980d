/** A tenant whose target has limits, and what an administrator sees of it. */

import { setTarget } from '../../src/sync/admin/targets.ts';
import { approveHold, type HoldInfo, listHolds, readHold } from '../../src/sync/holds/decide.ts';
import { eventually, type Linkspan, patch, type StartOptions, startLinkspan } from '../linkspan.ts';

export const ADMIN = { by: 'test' };

export async function withLimits(
  target: 'dashboard' | 'door',
  rules: Record<string, unknown>,
  options: StartOptions = {},
) {
  const linkspan = await startLinkspan({ targets: [target], ...options });
  await setTarget(linkspan.app, 'acme', target, { rules });
  return { ...linkspan, ...viewOf(linkspan) };
}

export function viewOf({ app, scim, sandbox, settled }: Linkspan) {
  const holds = (all = false) => listHolds(app.store, 'acme', { all });
  return {
    holds,
    /** The only one. */
    theHold: async () => {
      const [hold, other] = await holds();
      if (!hold || other) throw new Error(`${other ? 'more than one' : 'no'} hold`);
      return readHold(app.store, 'acme', hold.id);
    },
    approve: async ({ id }: Pick<HoldInfo, 'id'>) => {
      const { set } = await readHold(app.store, 'acme', id);
      return approveHold(app.store, 'acme', id, { set, ...ADMIN });
    },
    /** @returns their ids, in this order. */
    hire: async (count: number, more: Record<string, unknown> = {}, prefix = 'user') => {
      const ids: string[] = [];
      for (let n = 0; n < count; n++) {
        const { body } = await scim('POST', '/Users', { userName: `${prefix}${String(n).padStart(2, '0')}`, ...more });
        ids.push(body.id);
      }
      await settled();
      return ids;
    },
    setActive: (ids: readonly string[], active: boolean) =>
      Promise.all(
        ids.map((id) => scim('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: active }))),
      ),
    disabled: async () => {
      const { users } = (await sandbox.state()).qflow;
      return users.filter(({ customData }) => customData?.includes('disabled')).length;
    },
    accounts: () =>
      app.store.read
        .selectFrom('accounts')
        .select(['user_id', 'outcome', 'reason', 'due_at', 'urgent', 'generation'])
        .orderBy('user_id')
        .execute(),
    /** Waits until nobody is in any hold. */
    drained: () => eventually('the holds are empty', async () => (await holds()).length === 0),
  };
}
