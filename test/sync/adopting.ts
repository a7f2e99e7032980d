/** What tests about records that were there before share: records made by hand, rules, accounts as they are kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { setTarget } from '../../src/sync/admin/targets.ts';
import { openSandboxStore } from '../../src/targets/sandbox-store.ts';
import { byHand, type Linkspan, patch, type Sandbox, startSandbox } from '../linkspan.ts';

export const JANE = {
  userName: 'jane',
  emails: [{ value: 'jane@example.com', primary: true }],
  name: { givenName: 'Jane', familyName: 'Doe' },
};

/** Makes the record that `JANE` has in the dashboard, or another, as somebody there would. @returns its id. */
export async function userByHand(sandbox: Sandbox, fields: Record<string, string> = {}): Promise<string> {
  const record = { userName: 'DEMO/jane', email: 'jane@example.com', password: 'secret', ...fields };
  return ((await byHand(sandbox, 'POST', '/users/v1/api/user', record)) as { id: string }).id;
}

/** A sandbox whose door holds members that no call could make: several Janes. No call changes one either. */
export async function sandboxWithDoubles(...ids: string[]): Promise<Sandbox> {
  const folder = await mkdtemp(path.join(tmpdir(), 'linkspan-doubles-'));
  const stateFile = path.join(folder, 'state.sqlite');
  const store = openSandboxStore(stateFile);
  const member = {
    userName: 'DEMO/jane',
    email: 'jane@example.com',
    firstName: 'Jane',
    lastName: 'Doe',
    password: 'x',
  };
  for (const id of ids) store.collection('qflow', 'teamMembers').put(id, { id, ...member });
  store.remember('seeded', true);
  store.close();
  const sandbox = await startSandbox({ stateFile });
  onTestFinished(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  return sandbox;
}

export const setRules = ({ app }: Linkspan, target: string, rules: Record<string, unknown>) =>
  setTarget(app, 'acme', target, { rules });

/** Of a user who has one target. @throws where there is none. */
export async function accountOf(linkspan: Linkspan, userId: string) {
  const [account] = await accountsOf(linkspan, userId);
  if (!account) throw new Error(`user ${userId} has no account`);
  const { adoption, adopted } = account;
  return { ...account, adoption: adoption && JSON.parse(adoption), adopted: adopted && JSON.parse(adopted) };
}

export function accountsOf({ app }: Linkspan, userId: string) {
  return app.store.read.selectFrom('accounts').selectAll().where('user_id', '=', userId).execute();
}

export const hire = async ({ scim }: Linkspan, person: object = JANE): Promise<string> =>
  (await scim('POST', '/Users', person)).body.id;

export const edit = ({ scim }: Linkspan, id: string, value: Record<string, unknown>) =>
  scim('PATCH', `/Users/${id}`, patch({ op: 'replace', value }));

export const users = async ({ sandbox }: Linkspan) => (await sandbox.state()).qflow.users;
