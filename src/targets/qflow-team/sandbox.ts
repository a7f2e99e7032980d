/**
 * A stand-in for the Qflow Team API, true to its document's quirks: names folded and namespaced, a create that answers a
 * double with the first, a PUT that replaces, lists that show less than there is. Where the document is silent, a profile
 * point or a sentence in README.md says what was assumed. It shares log-in and gateway with the Enterprise sandbox.
 */
import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import type { SandboxApp, SandboxPart, SandboxRecord, SandboxWorld } from '../sandbox.ts';
import {
  bodyOf,
  PIN,
  qflowControl,
  qflowCredentials,
  qflowGate,
  qflowIdentity,
  qflowProfiles,
  qflowSwitches,
  TOKENS,
  textOf,
} from '../sandbox-qflow.ts';
import { statsOf } from './sandbox-stats.ts';

export const sandbox: SandboxPart = {
  system: 'qflow',
  collections: ['teamMembers', 'assignments', 'events', 'mails'],
  lasting: [TOKENS],
  seed(world) {
    for (let id = 1001; id <= 1010; id++) addEvent(world, String(id), `Event ${id}`, true);
  },
  profiles: {
    ...qflowProfiles,
    /** Whether a create answers with the name as sent or as stored. */
    'create-name': ['bare', 'namespaced'],
  },
  switches: { ...qflowSwitches, account: ['enterprise', 'standalone'] },
  credentials: qflowCredentials,
  control,
  routes,
};

function addEvent(world: SandboxWorld, id: string, name: string, owned: boolean): void {
  world.collection('events').put(id, { id, name, owned });
}

/** `POST /checkins {eventId, teamMemberId, at?}` records one; `POST /events {id, name?, owned?}` adds or changes one. */
function control(world: SandboxWorld): SandboxApp {
  const app = qflowControl(world);
  app.post('/checkins', async (c) => {
    const { eventId, teamMemberId, at = world.clock().toISOString() } = await bodyOf(c);
    if (!world.collection('assignments').get(`${teamMemberId}/${eventId}`)) {
      throw new Error(`team member ${teamMemberId} is not assigned to event ${eventId}`);
    }
    if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) throw new Error('at: an RFC 3339 date and time');
    world.collection('checkins').put(randomUUID(), { eventId, teamMemberId, at });
    return c.json({ recorded: true }, 201);
  });
  app.post('/events', async (c) => {
    const { id, name, owned } = await bodyOf(c);
    if (!textOf(id)) throw new Error('id: a text');
    addEvent(world, textOf(id), textOf(name) || `Event ${textOf(id)}`, owned !== false);
    return c.json(world.collection('events').get(textOf(id)), 201);
  });
  return app;
}

function routes(world: SandboxWorld): SandboxApp {
  const app: SandboxApp = new Hono();
  const members = world.collection('teamMembers');
  const assignments = world.collection('assignments');
  const events = world.collection('events');
  const isEnterprise = () => world.profile('account') === 'enterprise';
  const stored = (userName: unknown) => `${isEnterprise() ? `${PIN}/` : ''}${textOf(userName).toLowerCase()}`;
  const assignedTo = (eventId: string) =>
    assignments.where('eventId', eventId).map(({ teamMemberId }) => members.get(String(teamMemberId)));
  const list = (c: Context, found: (SandboxRecord | undefined)[]) =>
    c.json([...new Set(found)].filter((member) => member !== undefined).map(shown));

  app.route('/', qflowIdentity(world));
  const api: SandboxApp = new Hono();
  api.use('*', qflowGate(world));

  api.post('/teammember', async (c) => {
    const body = await bodyOf(c);
    if (!textOf(body.userName) || !textOf(body.email))
      return c.json({ message: 'userName and email are required' }, 400);
    const userName = stored(body.userName);
    const named = (member: SandboxRecord) =>
      world.profile('create-name') === 'bare' ? { ...member, userName: textOf(body.userName).toLowerCase() } : member;
    const [existing] = members.where('userName', userName);
    if (existing) return c.json(named(shown(existing)));
    const id = randomUUID();
    const password = textOf(body.password) || randomUUID();
    members.put(id, { id, userName, ...editable(body), password });
    return c.json(named(shown(members.get(id) ?? {})));
  });

  api.put('/teammember/update', async (c) => {
    const body = await bodyOf(c);
    const id = textOf(body.id);
    if (!id || !textOf(body.userName) || !textOf(body.email)) {
      return c.json({ message: 'id, userName and email are required' }, 400);
    }
    const member = members.get(id);
    if (!member) return c.body(null, 404);
    const userName = stored(body.userName);
    if (members.where('userName', userName).some((other) => other.id !== id)) {
      return c.json({ message: `userName ${userName} is already taken` }, 400);
    }
    members.put(id, { id, userName, ...editable(body), password: textOf(body.password) || member.password });
    return c.json(shown(members.get(id) ?? {}));
  });

  api.delete('/teammember/delete', async (c) => {
    const id = textOf((await bodyOf(c)).id);
    if (!id) return c.json({ message: 'id is required' }, 400);
    for (const { teamMemberId, eventId } of assignments.where('teamMemberId', id)) {
      assignments.delete(`${teamMemberId}/${eventId}`);
    }
    return c.body(null, members.delete(id) ? 200 : 404);
  });

  api.post('/teammember/:teamMemberId/assign/:eventId', (c) => {
    const { teamMemberId, eventId } = c.req.param();
    const member = members.get(teamMemberId);
    if (!member || events.get(eventId)?.owned !== true) return c.json({ message: 'Bad request' }, 400);
    if (!assignments.get(`${teamMemberId}/${eventId}`)) {
      assignments.put(`${teamMemberId}/${eventId}`, { teamMemberId, eventId });
    }
    if (c.req.query('notifyTeamMember') === 'true') {
      world.collection('mails').put(randomUUID(), { teamMemberId, eventId, email: member.email });
    }
    return c.body(null, 200);
  });

  api.post('/teammember/:teamMemberId/unassign/:eventId', (c) => {
    const { teamMemberId, eventId } = c.req.param();
    if (!members.get(teamMemberId) || events.get(eventId)?.owned !== true)
      return c.json({ message: 'Bad request' }, 400);
    assignments.delete(`${teamMemberId}/${eventId}`);
    return c.body(null, 200);
  });

  api.get('/teammembers', (c) => {
    const owned = events.all().filter((event) => event.owned);
    return list(
      c,
      owned.flatMap((event) => assignedTo(String(event.id))),
    );
  });
  api.get('/teammembers/all', (c) => (isEnterprise() ? list(c, members.all()) : c.text('Bad Gateway', 502)));
  api.get('/teammembers/event/assigned/:eventId', (c) => {
    const { eventId } = c.req.param();
    return list(c, events.get(eventId)?.owned ? assignedTo(eventId) : []);
  });
  const eventsOf = (c: Context, userName: string) => {
    // Exactly as the lists show it.
    const member = members.where('userName', userName).find((each) => each.userName === userName);
    const ids = assignments.where('teamMemberId', String(member?.id ?? '')).map(({ eventId }) => String(eventId));
    return c.json(ids.map((id) => ({ id, name: events.get(id)?.name })));
  };
  api.get('/teammembers/user/:username/events', (c) => eventsOf(c, c.req.param('username')));
  // The document's own example, pasted with a namespaced name that nobody encoded.
  api.get('/teammembers/user/:enterprise/:username/events', (c) =>
    eventsOf(c, `${c.req.param('enterprise')}/${c.req.param('username')}`),
  );
  api.get('/team/event/:eventId', (c) => {
    const { eventId } = c.req.param();
    const assigned = events.get(eventId)?.owned ? assignedTo(eventId) : [];
    const checkins = world.collection('checkins').where('eventId', eventId);
    return c.json(assigned.filter((member) => member !== undefined).map((member) => statsOf(member, checkins)));
  });

  return app.route('/checkin/v1/api', api);
}

/** What a create or an update takes over; whatever is missing becomes blank. */
function editable(body: Record<string, unknown>): SandboxRecord {
  const email = textOf(body.email).toLowerCase();
  return { email, firstName: textOf(body.firstName), lastName: textOf(body.lastName) };
}

function shown({ password: _, ...member }: SandboxRecord): SandboxRecord {
  return member;
}
