/**
 * A stand-in for the partner platform's user management. Its document names four calls and the fields of two of them; all
 * else is an assumption (reference/targets.md 5), and where an assumption has an alternative, a profile point has both.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { SandboxApp, SandboxPart, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import {
  accessCredentials,
  accessProfiles,
  accessSwitches,
  bodyOf,
  gate,
  TOKENS,
  textOf,
  tokenEndpoint,
} from './sandbox-access.ts';
import { pages } from './sandbox-pages.ts';

export const sandbox: SandboxPart = {
  system: 'platform',
  collections: ['users', 'invitations', 'roles', 'identityProviders'],
  lasting: [TOKENS],
  seed(world) {
    const names = ['Viewer', 'User', 'Editor', 'Admin'];
    for (const [index, Name] of names.entries()) {
      const Id = String(index + 1);
      world.collection('roles').put(Id, { Id, Name, Weight: (index + 1) * 10 });
    }
    const providers = world.collection('identityProviders');
    providers.put('1', { Id: '1', Name: 'Platform', Prefix: 'platform', Enabled: true });
    providers.put('2', { Id: '2', Name: 'Entra ID', Prefix: 'entra', Enabled: false });
  },
  profiles: {
    ...accessProfiles,
    /** How the list of users comes: an envelope with a total, plain pages, an envelope without one, all at once. */
    paging: ['items', 'array', 'items-no-total', 'all'],
    /** What an invitation is answered with. */
    'invite-answer': ['results', 'empty'],
    /** What inviting somebody does who is there: another mail, or a refusal. */
    reinvite: ['200', '409'],
    /** How a user is refused whom an invitation cannot be sent to: the call fails, or the user's result says so. */
    'invite-failure': ['400', '200'],
    /** How the list of users shows roles; `none`: neither roles nor organisations. */
    roles: ['names', 'ids', 'objects', 'none'],
    /** Where OrganizationIds is read. */
    organisations: ['payload', 'user'],
  },
  switches: {
    ...accessSwitches,
    /** The most users on a page, whatever is asked for. */
    'page-cap': ['100', '2'],
    /** Seconds until an invited user is in the list. */
    'list-lag': ['0', '1', '3600'],
    /** Whether the API user may invite. */
    rights: ['admin', 'read-only'],
  },
  credentials: accessCredentials,
  routes,
  control: pages,
};

/** One of `Users`, with what was found out about it. */
interface Invitee {
  record: Record<string, unknown>;
  email: string;
  existing: SandboxRecord | undefined;
  /** Why it cannot be invited; null: it can. */
  error: string | null;
}

function routes(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const users = world.collection('users');
  const roles = world.collection('roles');
  const providers = world.collection('identityProviders');

  app.route('/', tokenEndpoint(world));
  const api: SandboxApp = new Hono();
  api.use('*', gate(world));

  api.get('/users', (c) => {
    const lagMs = Number(world.profile('list-lag')) * 1_000;
    const now = world.clock().getTime();
    const all = users.all().filter(({ CreatedOn }) => now - Date.parse(String(CreatedOn)) >= lagMs);
    const shown = all.map((user) => shownAs(user, roles.all(), world.profile('roles')));
    const paging = world.profile('paging');
    if (paging === 'all') return c.json(shown);
    const Page = numberOf(c.req.query('page'), 1);
    const PageSize = Math.min(numberOf(c.req.query('pageSize'), 100), Number(world.profile('page-cap')));
    const Items = shown.slice((Page - 1) * PageSize, Page * PageSize);
    if (paging === 'array') return c.json(Items);
    return c.json({ Items, Page, PageSize, ...(paging === 'items' && { TotalCount: shown.length }) });
  });
  api.get('/roles', (c) => c.json(roles.all()));
  api.get('/identity-providers', (c) => c.json(providers.all()));

  api.post('/users/invite', async (c) => {
    if (world.profile('rights') === 'read-only') return c.json({ Message: 'You are not allowed to invite users' }, 403);
    const body = await bodyOf(c);
    const invitees = (Array.isArray(body.Users) ? body.Users : []).map(examined);
    if (invitees.length === 0) return c.json({ Message: 'Users is required' }, 400);
    const taken = invitees.find(({ existing }) => existing !== undefined);
    if (taken && world.profile('reinvite') === '409') {
      return c.json({ Message: `User ${taken.email} already exists` }, 409);
    }
    const wrong = invitees.find(({ error }) => error !== null);
    // All or nothing: a call that is refused has mailed nobody.
    if (wrong && world.profile('invite-failure') === '400') return c.json({ Message: wrong.error }, 400);
    const results = invitees.map((invitee) => {
      if (invitee.error !== null) return { Email: invitee.email, Id: null, Status: 'Failed', Error: invitee.error };
      const perUser = world.profile('organisations') === 'user';
      const Id = mailed(invitee, perUser ? invitee.record.OrganizationIds : body.OrganizationIds);
      return { Email: invitee.email, Id, Status: 'Invited', Error: null };
    });
    return world.profile('invite-answer') === 'empty' ? c.body(null, 200) : c.json(results);
  });

  function examined(entry: unknown): Invitee {
    const record = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    const email = textOf(record.Email);
    const [existing] = users.where('Email', email);
    const provider = record.IdentityProviderId;
    const isLogin = provider === undefined || providers.get(String(provider))?.Enabled === true;
    const isRole = record.GroupId === undefined || roles.get(String(record.GroupId)) !== undefined;
    const error = !/^\S+@\S+$/.test(email)
      ? 'Email is required'
      : !isRole
        ? `Role ${record.GroupId} does not exist`
        : isLogin
          ? null
          : `Identity provider ${provider} does not exist or is disabled`;
    return { record, email, existing, error };
  }

  /** Makes the user where there is none, and sends the mail. @returns the user's id. */
  function mailed({ record, email, existing }: Invitee, organisationIds: unknown): string {
    const now = world.clock().toISOString();
    const id = String(existing?.Id ?? randomUUID());
    const role = roles.get(String(record.GroupId))?.Name;
    const carried = {
      IdentityProviderId: record.IdentityProviderId ?? null,
      Roles: role === undefined ? [] : [role],
      OrganizationIds: Array.isArray(organisationIds) ? organisationIds.map(String) : [],
    };
    if (!existing) {
      const names = { FirstName: textOf(record.FirstName), LastName: textOf(record.LastName) };
      const state = { CreatedOn: now, State: 'New', Accessibility: 'Pending' };
      users.put(id, { Id: id, Email: email, ...names, ...state, ...carried });
    }
    const mail = randomUUID();
    world.collection('invitations').put(mail, { Id: mail, UserId: id, Email: email, SentOn: now, ...carried });
    return id;
  }

  return app.route('/platform', api);
}

function shownAs(user: SandboxRecord, roles: readonly SandboxRecord[], how: string): SandboxRecord {
  const { Roles, OrganizationIds, IdentityProviderId: _, ...rest } = user;
  if (how === 'none') return rest;
  const held = (Array.isArray(Roles) ? Roles : []).map(
    (name) => roles.find(({ Name }) => Name === name) ?? { Name: name },
  );
  const forms: Record<string, (role: SandboxRecord) => unknown> = {
    ids: ({ Id, Name }) => Id ?? Name,
    objects: ({ Id, Name }) => ({ Id, Name }),
  };
  return { ...rest, Roles: held.map(forms[how] ?? (({ Name }) => Name)), OrganizationIds };
}

function numberOf(text: string | undefined, otherwise: number): number {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : otherwise;
}
