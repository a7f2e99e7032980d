/**
 * A stand-in for the Qflow Enterprise API: its ten endpoints, and the behaviours that no page settles, each as a profile
 * point (README.md lists them). It shares log-in and gateway with the Team sandbox.
 */
import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import type { SandboxApp, SandboxPart, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import {
  bodyOf,
  qflowControl,
  qflowCredentials,
  qflowGate,
  qflowIdentity,
  qflowProfiles,
  qflowSwitches,
  TOKENS,
  textOf,
} from '../sandbox-qflow.ts';

const FIELDS = ['userName', 'email', 'firstName', 'lastName', 'companyName', 'timeZoneId', 'customData', 'password'];

export const sandbox: SandboxPart = {
  system: 'qflow',
  collections: ['users'],
  lasting: [TOKENS],
  seed: () => {},
  profiles: {
    ...qflowProfiles,
    /** What a second create with the same user name gets. */
    dup: ['409', '400', '200-existing'],
    /** object: a user, 404 when absent; array: a list, empty when absent; 404: a list or 404; empty: a user or no body. */
    'email-lookup': ['object', 'array', '404', 'empty'],
    /** What becomes of fields that a PUT omits: blanked but for the password, kept, blanked with the password. */
    put: ['replace', 'merge', 'put-blanks-omitted'],
    /** Where DELETE /user looks for the id. */
    delete: ['body', 'query'],
  },
  switches: {
    ...qflowSwitches,
    /** Whether the API user has been verified: only some operations need it, here those that change something. */
    trust: ['trusted', 'untrusted'],
  },
  credentials: qflowCredentials,
  control: qflowControl,
  routes,
};

function routes(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const users = world.collection('users');
  const named = (userName: string) => users.where('userName', userName)[0];
  app.route('/', qflowIdentity(world));

  const api: SandboxApp = new Hono();
  api.use('*', qflowGate(world));
  api.use('*', async (c, next) => {
    const isRefused = c.req.method !== 'GET' && world.profile('trust') === 'untrusted';
    return isRefused ? c.json({ error: 'trust_required' }, 403) : next();
  });

  api.get('/users', (c) => c.json(users.all()));
  api.get('/users/total', (c) => c.json({ total: users.all().length }));
  api.get('/users/email', (c) => {
    const [user] = users.where('email', textOf(c.req.query('email')));
    const shape = world.profile('email-lookup');
    if (user) return c.json(shape === 'array' || shape === '404' ? [user] : user);
    if (shape === 'array') return c.json([]);
    return c.body(null, shape === 'empty' ? 200 : 404);
  });
  api.get('/user/translations', (c) =>
    c.json([
      { code: 'en-GB', name: 'English' },
      { code: 'de-DE', name: 'Deutsch' },
    ]),
  );
  api.get('/user/:id', (c) => {
    const user = users.get(c.req.param('id'));
    return user ? c.json(user) : c.body(null, 404);
  });

  api.post('/user', async (c) => {
    const body = await bodyOf(c);
    const userName = textOf(body.userName);
    if (!userName || !textOf(body.email)) return c.json({ message: 'userName and email are required' }, 400);
    const existing = named(userName);
    if (existing) {
      if (world.profile('dup') === '200-existing') return c.json(existing);
      const message = `User name ${userName} is already taken`;
      return c.json({ message }, world.profile('dup') === '400' ? 400 : 409);
    }
    const user: SandboxRecord = { id: randomUUID(), ...blank(), ...given(body) };
    users.put(String(user.id), user);
    return c.json(user, 201);
  });

  api.put('/user', async (c) => {
    const body = await bodyOf(c);
    const user = users.get(textOf(body.id));
    if (!textOf(body.id)) return c.json({ message: 'id is required' }, 400);
    if (!user) return c.body(null, 404);
    if (body.userName !== undefined && body.userName !== user.userName) {
      return c.json({ message: 'userName is changed by /user/changeusername' }, 400);
    }
    users.put(String(user.id), { ...user, ...omitted(user, world.profile('put')), ...given(body) });
    return c.json(users.get(String(user.id)));
  });

  api.delete('/user', async (c) => {
    const id = world.profile('delete') === 'query' ? (c.req.query('id') ?? '') : textOf((await bodyOf(c)).id);
    if (!id) return c.json({ message: 'id is required' }, 400);
    return c.body(null, users.delete(id) ? 204 : 404);
  });

  api.put('/user/changepassword', async (c) => {
    const { id, newPassword } = await bodyOf(c);
    const user = users.get(textOf(id));
    if (!textOf(newPassword)) return c.json({ message: 'newPassword is required' }, 400);
    if (!user) return c.body(null, 404);
    users.put(String(user.id), { ...user, password: newPassword });
    return c.body(null, 204);
  });

  api.put('/user/changeusername', async (c) => {
    const body = await bodyOf(c);
    const [from, to] = [textOf(body.oldUserName), textOf(body.newUserName)];
    if (!from || !to) return c.json({ message: 'oldUserName and newUserName are required' }, 400);
    const user = body.id === undefined ? named(from) : users.get(textOf(body.id));
    if (!user) return c.body(null, 404);
    if (String(user.userName).toLowerCase() !== from.toLowerCase()) {
      return c.json({ message: 'oldUserName is not the name of this user' }, 400);
    }
    const holder = named(to);
    if (holder && holder.id !== user.id) return c.json({ message: `User name ${to} is already taken` }, 409);
    users.put(String(user.id), { ...user, userName: to });
    return c.body(null, 204);
  });

  return app.route('/users/v1/api', api);
}

const blank = () => Object.fromEntries(FIELDS.map((name) => [name, '']));

function given(body: Record<string, unknown>): SandboxRecord {
  return Object.fromEntries(FIELDS.filter((name) => typeof body[name] === 'string').map((name) => [name, body[name]]));
}

/** What a PUT leaves of the fields that it does not carry. */
function omitted(user: SandboxRecord, profile: string): SandboxRecord {
  if (profile === 'merge') return {};
  const kept = profile === 'replace' ? { password: user.password } : {};
  return { ...blank(), userName: user.userName, ...kept };
}
