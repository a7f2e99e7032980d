/**
 * A small system that can invite, rename and list people and nothing else: the rest is done there by hand. With the target type
 * that speaks to it, and an engine that carries a directory on into it.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { type App, openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { addTarget, type TargetInput } from '../../src/sync/admin/targets.ts';
import { startSync } from '../../src/sync/sync.ts';
import { census } from '../../src/sync/upkeep/census.ts';
import { expect as expectSuccess, request } from '../../src/targets/http.ts';
import { defineTarget, type Io, type Observed, type Step, type TargetType } from '../../src/targets/target.ts';
import { createTenant } from '../../src/tenancy/tenants.ts';
import { eventually, patch, QUICK } from '../linkspan.ts';
import { type Kind, testDatabase } from '../stores.ts';

export interface Member {
  id: string;
  email: string;
  name: string;
  state: 'New' | 'Active' | 'Blocked';
  roles: string[];
  createdAt: number;
}

/** What goes wrong with one call: `late` is cut at once and takes effect after `LATE_MS`. */
export type Fault = '500' | '500-after' | 'lost' | 'late' | '400';
export const LATE_MS = 400;

export interface Partner {
  url: string;
  members: Member[];
  /** Addresses that were mailed, in order. */
  mailed: string[];
  /** `METHOD /path`, in order. */
  calls: string[];
  /** Asked for every call. */
  fault: (call: string) => Fault | null;
}

export async function startPartner(): Promise<Partner> {
  const partner: Partner = { url: '', members: [], mailed: [], calls: [], fault: () => null };
  const carryOut = (method: string, route: string, body: Record<string, string>): [number, unknown] => {
    const [, , id, verb] = route.split('/');
    if (route === '/check') return [200, {}];
    if (route === '/members' && method === 'GET') return [200, partner.members];
    if (route === '/invite') {
      const { email = '', name = '', role = '' } = body;
      const roles = role === '' ? [] : [role];
      const member: Member = { id: randomUUID(), email, name, state: 'New', roles, createdAt: Date.now() };
      partner.members.push(member);
      partner.mailed.push(email);
      return [200, member];
    }
    const member = partner.members.find((each) => each.id === id);
    if (!member) return [404, { message: 'no such member' }];
    if (verb === 'block') member.state = 'Blocked';
    else member.name = body.name ?? member.name;
    return [200, member];
  };
  const server = createServer(async (incoming, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = 'GET', url = '/' } = incoming;
    const call = `${method} ${url}`;
    partner.calls.push(call);
    const fault = partner.fault(call);
    const effect = () => carryOut(method, url, text === '' ? {} : JSON.parse(text));
    const respond = (status: number, body: unknown) => {
      answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (fault === '500') return respond(500, {});
    if (fault === '400') return respond(400, { message: 'not this one' });
    if (fault === 'late') {
      setTimeout(effect, LATE_MS);
      return incoming.socket.destroy();
    }
    const [status, body] = effect();
    if (fault === 'lost') return incoming.socket.destroy();
    respond(fault === '500-after' ? 500 : status, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  partner.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return partner;
}

export interface PartnerOptions {
  verify?: TargetType['capabilities']['verify'];
  /** False: a listing does not tell who has which role. */
  showsRoles?: boolean;
  /** False: it cannot be asked who is there. */
  canList?: boolean;
}

export function partnerType({ verify = 'listing', showsRoles = true, canList = true }: PartnerOptions): TargetType {
  const Settings = z.object({ url: z.string().describe('where it is') });
  type Settings = z.infer<typeof Settings>;
  const observe = (member: Member): Observed => ({
    id: member.id,
    keys: { email: member.email },
    fields: { name: member.name },
    enabled: member.state !== 'Blocked',
    assignments: showsRoles ? [...member.roles].sort() : null,
    state: member.state,
  });
  const byHand = (kind: Step['kind'], manual: string, subject?: string): Step => ({
    ...{ kind, call: 'by hand', manual },
    ...(subject !== undefined && { subject }),
  });
  return defineTarget({
    type: 'partner',
    title: 'Partner',
    settings: Settings,
    secrets: [],
    mapping: {
      email: { expression: 'email', description: 'address' },
      name: { expression: 'user.displayName', description: 'name' },
    },
    capabilities: {
      ...{ disable: 'none', delete: 'none', rename: false, create: 'none', lookup: 'list', verify },
      assignments: { noun: 'role' },
      invites: true,
    },
    limitGroup: () => 'partner',
    systemKey: ({ url }) => url,
    desired: ({ presence, values, assignments }) =>
      presence === 'absent'
        ? null
        : {
            presence,
            keys: { email: values.email ?? '' },
            fields: { name: values.name ?? '' },
            assignments: presence === 'active' ? assignments : [],
          },
    plan(desired, observed, memory) {
      if (desired === null) return observed ? [byHand('delete', `Remove ${observed.keys.email}`)] : [];
      const { email = '' } = desired.keys;
      const { name = '' } = desired.fields;
      if (observed === null) {
        const [role = '', ...more] = desired.assignments;
        const body = { email, name, role };
        const grants = role === '' ? [] : [role];
        return [
          { kind: 'create', call: 'POST /invite', body, grants },
          ...more.map((each) => byHand('assign', `Give ${email} the role ${each}`, each)),
        ];
      }
      const doubles = (memory.doubles ?? []).map((record): Step => {
        return { kind: 'disable', call: `POST /members/${record}/block`, record };
      });
      const seen = observed.assignments ?? memory.granted;
      const isOn = desired.presence === 'active';
      const missing = desired.assignments.filter((role) => !seen.includes(role));
      const extra = seen.filter((role) => memory.granted.includes(role) && !desired.assignments.includes(role));
      return [
        ...doubles,
        ...(isOn ? extra.map((role) => byHand('unassign', `Take the role ${role} from ${email}`, role)) : []),
        ...(!isOn && observed.enabled ? [byHand('disable', `Block ${email}`)] : []),
        ...(observed.fields.name !== name
          ? [{ kind: 'update' as const, call: 'PATCH /members/{id}', body: { name }, changes: ['name'] }]
          : []),
        ...(isOn && !observed.enabled ? [byHand('enable', `Unblock ${email}`)] : []),
        ...missing.map((role) => byHand('assign', `Give ${email} the role ${role}`, role)),
      ];
    },
    open: ({ url }) => {
      const call = (io: Io, method: string, route: string, json?: unknown) =>
        request(io, { method, url: `${url}${route}`, ...(json !== undefined && { json }) });
      const members = async (io: Io) => expectSuccess(await call(io, 'GET', '/members')).body as Member[];
      return {
        check: async (io) => {
          expectSuccess(await call(io, 'GET', '/check'));
          return 'fine';
        },
        async find({ id, keys, openIntent, since }, io) {
          if (!canList && id === null) return { kind: 'unknowable' };
          const all = await members(io);
          if (id !== null) {
            const one = all.find((each) => each.id === id);
            return one ? { kind: 'found', observed: observe(one) } : { kind: 'absent' };
          }
          const fitting = all.filter(({ email }) => keys.some((key) => key.email === email));
          const ours = openIntent && since ? fitting.filter(({ createdAt }) => createdAt >= since.getTime()) : [];
          const [first, ...others] = ours.length > 0 ? ours : fitting;
          if (!first) return { kind: 'absent' };
          const ids = others.map((each) => each.id);
          if (ids.length === 0) return { kind: 'found', observed: observe(first) };
          if (ours.length > 0) return { kind: 'found', observed: observe(first), doubles: ids };
          return { kind: 'ambiguous', ids: [first.id, ...ids], detail: 'several' };
        },
        async *list(io) {
          for (const each of await members(io)) yield observe(each);
        },
        async apply(step, { id }, io) {
          const [method = '', route = ''] = step.call.replace('{id}', id ?? '').split(' ');
          const answer = expectSuccess(await call(io, method, route, step.body ?? {})).body as Member;
          if (step.record !== undefined && id !== step.record) throw new Error('the wrong record');
          return { id: answer.id, evidence: 'answer', observed: observe(answer) };
        },
      };
    },
    sandbox: undefined as never,
  } satisfies TargetType<Settings>);
}

export const PACE = { ...QUICK, manualLookMs: 100, settleMs: 1_000 };

export interface WithPartnerOptions extends PartnerOptions {
  kind?: Kind;
  rules?: TargetInput['rules'];
  pace?: TargetInput['pace'];
  /** Nobody carries anything on before `start`. */
  stopped?: boolean;
}

/** The tenant `acme` with the target `partner`, whose roles are those of groups "Role <name>". */
export async function withPartner(options: WithPartnerOptions = {}) {
  const partner = await startPartner();
  const database = await testDatabase(options.kind ?? 'sqlite');
  const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-partner-'));
  const env = {
    LINKSPAN_DATABASE_URL: database.url,
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_SECRET_KEY: Buffer.alloc(32, 7).toString('base64'),
  };
  let wake = () => {};
  const opened = await openApp(readConfig(env), {
    wake: () => wake(),
    publicUrl: () => 'http://127.0.0.1:1',
    onLedgerError() {},
  });
  const type = partnerType(options);
  const app: App = { ...opened, types: new Map([[type.type, type]]) };
  let sync: Awaited<ReturnType<typeof startSync>> | null = null;
  const stop = async () => {
    await sync?.stop();
    sync = null;
  };
  onTestFinished(async () => {
    await stop();
    await app.close();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  });
  await createTenant(app.store, { tenant: 'acme', title: 'acme', idp: 'generic' });
  await addTarget(app, 'acme', 'partner', 'partner', {
    settings: { url: partner.url },
    rules: { assignments: [{ groupPrefix: 'Role ' }], limits: 'off', ...options.rules },
    pace: { ...PACE, ...options.pace },
  });
  const problems: unknown[] = [];
  const start = async () => {
    sync = await startSync({
      ...app,
      keep: { days: 90, receiptDays: 400 },
      onCall() {},
      onWorked() {},
      onReconciled() {},
      onCatalogue() {},
      onBroken: (_, problem) => problems.push(problem),
      onError: (problem) => problems.push(problem),
    });
    wake = sync.wake;
  };

  const caller = () => ({ tenant: 'acme', idp: 'generic', actor: 'token:test', activityId: randomUUID() });
  const typeOf = (name: string) => {
    const found = app.resourceTypes.get(name);
    if (!found) throw new Error(name);
    return found;
  };
  const { store, directory } = app;
  const settled = () =>
    eventually('settled', async () => (await census(store)).every(({ unsettled }) => unsettled === 0));
  if (!options.stopped) {
    await start();
    await settled();
  }
  const set = (id: string, path: string, value: unknown) =>
    directory.patch(caller(), typeOf('User'), id, patch({ op: 'replace', path, value }), {});
  const rows = <T>(read: Promise<T>) => read;
  return {
    app,
    env,
    partner,
    problems,
    start,
    stop,
    set,
    hire: async (name: string, more: Record<string, unknown> = {}): Promise<string> => {
      const body = { userName: name, displayName: name, emails: [{ value: `${name}@example.com` }], ...more };
      const written = await directory.create(caller(), typeOf('User'), body, {});
      return written.location.split('/').at(-1) ?? '';
    },
    fire: (id: string) => directory.remove(caller(), typeOf('User'), id, {}),
    /** @returns the group's id. */
    group: async (role: string, members: readonly string[]): Promise<string> => {
      const body = { displayName: `Role ${role}`, members: members.map((value) => ({ value })) };
      const written = await directory.create(caller(), typeOf('Group'), body, {});
      return written.location.split('/').at(-1) ?? '';
    },
    ungroup: (id: string) => directory.remove(caller(), typeOf('Group'), id, {}),
    /** Waits until nothing is to be worked on. */
    settled,
    lane: async () => (await census(store))[0],
    account: (userId: string) =>
      rows(store.read.selectFrom('accounts').selectAll().where('user_id', '=', userId).executeTakeFirstOrThrow()),
    actions: () => rows(store.read.selectFrom('actions').selectAll().orderBy('opened_at').orderBy('id').execute()),
    receipts: () => rows(store.read.selectFrom('receipts').selectAll().orderBy('id').execute()),
    intents: () => rows(store.read.selectFrom('intents').selectAll().orderBy('id').execute()),
    member: (name: string): Member => {
      const found = partner.members.find(({ email }) => email === `${name}@example.com`);
      if (!found) throw new Error(`no member ${name}`);
      return found;
    },
  };
}
