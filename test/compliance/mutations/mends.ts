/**
 * Where our own server does otherwise by decision (RFC 7644 leaves no room, or clients need it so), the checks are red without
 * any fault. The layer puts that right, so that a fault is all that can be seen; and each of these is itself a mutation: the
 * server as it is.
 */
import type { Fault } from './broken-server.ts';
import { all, requests, shown } from './mutation.ts';

/** Name of the mutation that goes without it. */
const MENDS: Record<string, (token: string) => () => Fault> = {
  'schemes-need-a-token': (token) =>
    requests(
      ({ path, headers }) => path === '/ServiceProviderConfig' && headers.authorization === undefined,
      ({ headers }) => {
        headers.authorization = `Bearer ${token}`;
      },
    ),
  'e-mail-domains-as-sent': () =>
    shown((user) => {
      for (const email of user.emails ?? []) email.value = email.value?.replace('@EXAMPLE.COM', '@example.com');
    }),
  'manager-names-as-sent': () =>
    shown((user) => {
      const manager = user['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User']?.manager;
      if (manager) delete manager.displayName;
    }),
};

export const AS_DECIDED = Object.keys(MENDS);

/** @param without name of a mutation. */
export function mends(token: string, without?: string): () => Fault {
  return all(...Object.entries(MENDS).flatMap(([name, mend]) => (name === without ? [] : [mend(token)])));
}
