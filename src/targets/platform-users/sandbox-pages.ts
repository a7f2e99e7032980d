/**
 * What a person does in the platform's own pages, and in the mail that an invitation sent: control, so that tests and demos
 * can play the person. Every route takes `{"email"}` and answers with the user.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { SandboxApp, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import { bodyOf, TOKENS, textOf } from './sandbox-access.ts';

type Body = Record<string, unknown>;

/** What a person may set on a user. */
const EDITABLE = ['Email', 'FirstName', 'LastName', 'Roles', 'OrganizationIds'];

export function pages(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const users = world.collection('users');

  function userOf({ email }: Body): SandboxRecord {
    const [user] = users.where('Email', textOf(email));
    if (!user) throw new Error(`email: no user has the address "${textOf(email)}"`);
    return user;
  }

  function onUser(path: string, change: (user: SandboxRecord, body: Body) => SandboxRecord): void {
    app.post(path, async (c) => {
      const body = await bodyOf(c);
      const user = change(userOf(body), body);
      users.put(String(user.Id), user);
      return c.json(user);
    });
  }

  /** Follows the link in the mail and logs in. */
  onUser('/accept', (user) => {
    if (user.State !== 'New') throw new Error(`only a user in state New can accept, not one in state ${user.State}`);
    return { ...user, State: 'Active', Accessibility: 'Allowed' };
  });
  onUser('/block', (user) => ({ ...user, State: 'Blocked', Accessibility: 'Denied' }));
  onUser('/unblock', (user) => ({ ...user, State: 'Active', Accessibility: 'Allowed' }));
  onUser('/edit', (user, { set }) => {
    const changes = Object.entries((set ?? {}) as Body);
    const [unknown] = changes.find(([name]) => !EDITABLE.includes(name)) ?? [];
    if (unknown || changes.length === 0) throw new Error(`set: an object with some of ${EDITABLE.join(', ')}`);
    return { ...user, ...Object.fromEntries(changes) };
  });

  app.post('/delete', async (c) => {
    const user = userOf(await bodyOf(c));
    users.delete(String(user.Id));
    return c.json(user);
  });

  /** `{email, firstName?, lastName?, roles?, organisationIds?, state?}`: somebody who was there before. */
  app.post('/users', async (c) => {
    const { email, firstName, lastName, roles = ['User'], organisationIds = [], state = 'Active' } = await bodyOf(c);
    if (!textOf(email)) throw new Error('email: a text');
    const user = {
      Id: randomUUID(),
      Email: textOf(email),
      FirstName: textOf(firstName),
      LastName: textOf(lastName),
      CreatedOn: world.clock().toISOString(),
      State: state,
      Accessibility: state === 'Active' ? 'Allowed' : 'Denied',
      Roles: roles,
      OrganizationIds: organisationIds,
    };
    users.put(user.Id, user);
    return c.json(user, 201);
  });

  /** `{name, enabled}` */
  app.post('/identity-providers', async (c) => {
    const { name, enabled } = await bodyOf(c);
    const providers = world.collection('identityProviders');
    const [provider] = providers.where('Name', textOf(name));
    if (!provider) throw new Error(`name: no identity provider "${textOf(name)}"`);
    if (typeof enabled !== 'boolean') throw new Error('enabled: true or false');
    providers.put(String(provider.Id), { ...provider, Enabled: enabled });
    return c.json({ ...provider, Enabled: enabled });
  });

  /** `{name, weight}` adds a role or changes its weight; `renamed` gives it another name, `"gone": true` deletes it. */
  app.post('/roles', async (c) => {
    const { name, weight, renamed, gone } = await bodyOf(c);
    if (textOf(name) === '') throw new Error('name: a text');
    const roles = world.collection('roles');
    const [existing] = roles.where('Name', textOf(name));
    const Id = String(existing?.Id ?? randomUUID());
    const role = { Id, Name: textOf(renamed) || textOf(name), Weight: weight ?? existing?.Weight ?? null };
    if (gone === true) roles.delete(Id);
    else roles.put(Id, role);
    return c.json(role);
  });

  /** `{"kind":"access"|"refresh"}` ends every such token. */
  app.post('/revoke', async (c) => {
    const { kind } = await bodyOf(c);
    if (kind !== 'access' && kind !== 'refresh') throw new Error('kind: "access" or "refresh"');
    const tokens = world.collection(TOKENS);
    for (const token of tokens.where('kind', kind)) tokens.delete(String(token.id));
    return c.json({ revoked: kind });
  });

  return app;
}
