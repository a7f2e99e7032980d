/** Plays the person who does in the platform's own pages what a manual step says. */
import type { Step, Subject } from '../../src/targets/target.ts';
import type { SandboxServer } from './sandbox-server.ts';

export async function byHand(sandbox: SandboxServer, step: Step, { desired, observed }: Subject): Promise<unknown> {
  const user = (await sandbox.state()).platform.users.find(({ Id }) => Id === observed?.id);
  const email = user?.Email;
  const edit = (set: object) => sandbox.control('/platform/edit', { email, set });
  const [kind, name] = (step.subject ?? '').split(':');
  const field = kind === 'role' ? 'Roles' : 'OrganizationIds';
  const held = (user?.[field] ?? []) as unknown as string[];
  switch (step.kind) {
    case 'disable':
      return sandbox.control('/platform/block', { email });
    case 'enable':
      return sandbox.control('/platform/unblock', { email });
    case 'delete':
      return sandbox.control('/platform/delete', { email });
    case 'update': {
      const values = { ...desired?.fields, ...desired?.keys };
      return edit(Object.fromEntries((step.changes ?? []).map((change) => [change, values[change]])));
    }
    case 'assign':
      return edit({ [field]: [...held, name] });
    case 'unassign':
      return edit({ [field]: held.filter((each) => each !== name) });
    default:
      throw new Error(`nobody can do ${step.kind} by hand`);
  }
}
