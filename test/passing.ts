/** Linkspan with one target, Qflow Enterprise unless said otherwise, that passwords are passed through to. */
import type { Selectable } from 'kysely';
import type { PasswordsTable } from '../src/store/tables.ts';
import { pauseByAdmin, resumeByAdmin, setTarget } from '../src/sync/admin/targets.ts';
import { type Linkspan, type StartOptions, startLinkspan } from './linkspan.ts';

export interface Passing extends Linkspan {
  /** Those that are kept. */
  passwords(): Promise<Selectable<PasswordsTable>[]>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Of the only user. */
  remotePassword(): Promise<string | undefined>;
  /** How often a password was set beside a create, successfully or not, and how often a create was sent. */
  counted(): Promise<{ set: number; created: number }>;
}

export async function startPassing(options: StartOptions = {}): Promise<Passing> {
  const { targets = ['dashboard'] } = options;
  const [target = ''] = targets;
  const linkspan = await startLinkspan({ ...options, targets });
  const { app, sandbox } = linkspan;
  await setTarget(app, 'acme', target, { rules: { passwords: 'pass-through' } });
  return {
    ...linkspan,
    passwords: () => app.store.read.selectFrom('passwords').selectAll().execute(),
    pause: () => pauseByAdmin(app, 'acme', target, 'for a test'),
    resume: () => resumeByAdmin(app, 'acme', target),
    remotePassword: async () => (await sandbox.state()).qflow.users[0]?.password,
    async counted() {
      const calls = await sandbox.calls();
      const count = (call: string) => calls.filter(({ method, path }) => `${method} ${path}` === call).length;
      return { set: count('PUT /users/v1/api/user/changepassword'), created: count('POST /users/v1/api/user') };
    },
  };
}
