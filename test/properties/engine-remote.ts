/**
 * A tiny downstream system in memory, and the target type that speaks to it over `fetch`. It can do everything that a
 * real one can get wrong: answers lost, effects that come late, 500 before and after the work, refusals.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { classify, expect as expectSuccess, request } from '../../src/targets/http.ts';
import { TargetError } from '../../src/targets/outcome.ts';
import {
  defineTarget,
  type Io,
  type Keys,
  type Observed,
  type Step,
  type TargetType,
} from '../../src/targets/target.ts';
import { type Clock, currentTask, stop, type Task } from './engine-clock.ts';

export interface Item {
  id: string;
  name: string;
  /** Who it stands for: externalId. */
  person: string;
  title: string;
  enabled: boolean;
  assignments: string[];
}

/** What was taken from somebody, for the receipts. */
export interface Removal {
  person: string;
  kind: 'delete' | 'disable' | 'unassign';
}

type Create = 'conflict' | 'natural';
type Answer = { status: number; body?: unknown };

export const CALL_MS = 1_000;
export const SETTLE_MS = 2_000;

/** Calls of one account by one process, from the check of its lease to its time-out. */
interface Call {
  task: Task;
  process: number;
  freezes: number;
  begunAt: number;
}

export interface Remote {
  items: Map<string, Item>;
  removals: Removal[];
  /** Effects that are on their way. */
  pending: { landAt: number; land: () => void }[];
  fetch: typeof fetch;
  /** Lets land what is due. */
  land(until: number): void;
  counts: Record<string, number>;
}

export interface Caller {
  process: number;
  account: string;
  /** How often its process was frozen so far. */
  freezes: () => number;
  /** A call begins: the lease is looked at. */
  onCall: () => Promise<void>;
}

export function createRemote(
  clock: Clock,
  create: Create,
  callerOf: (task: Task) => Caller | undefined,
  onViolation: (what: string) => void,
): Remote {
  const items = new Map<string, Item>();
  const removals: Removal[] = [];
  const pending: Remote['pending'] = [];
  const inFlight = new Map<string, Call[]>();
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  const named = (name: string) => [...items.values()].find((item) => item.name === name);

  const carryOut = (method: string, path: string, query: URLSearchParams, body: Partial<Item>): Answer => {
    const [, , id = '', , subject = ''] = path.split('/');
    if (path === '/check') return { status: 200, body: {} };
    if (method === 'GET' && id === '') {
      return { status: 200, body: [...items.values()].filter(({ name }) => name === query.get('name')) };
    }
    if (method === 'POST') {
      const holder = named(body.name ?? '');
      if (holder) return create === 'natural' ? { status: 200, body: holder } : { status: 409, body: holder };
      const item: Item = { id: randomUUID(), name: '', person: '', title: '', ...body, enabled: true, assignments: [] };
      items.set(item.id, item);
      return { status: 201, body: item };
    }
    const item = items.get(id);
    if (!item) return { status: 404, body: { message: 'no such record' } };
    if (subject !== '') {
      const others = item.assignments.filter((other) => other !== subject);
      if (method === 'DELETE' && others.length < item.assignments.length)
        removals.push({ person: item.person, kind: 'unassign' });
      items.set(id, { ...item, assignments: method === 'PUT' ? [...others, subject] : others });
      return { status: 200, body: items.get(id) };
    }
    if (method === 'DELETE') {
      removals.push({ person: item.person, kind: 'delete' });
      items.delete(id);
      return { status: 200, body: {} };
    }
    if (method === 'PUT') {
      const holder = body.name === undefined ? undefined : named(body.name);
      if (holder && holder.id !== id) return { status: 409, body: holder };
      if (body.enabled === false && item.enabled) removals.push({ person: item.person, kind: 'disable' });
      items.set(id, { ...item, ...body });
    }
    return { status: 200, body: items.get(id) };
  };

  const notTwice = (caller: Caller, task: Task, call: Call) => {
    const calls = (inFlight.get(caller.account) ?? []).filter(({ begunAt }) => clock.monotonic < begunAt + CALL_MS);
    inFlight.set(caller.account, [...calls, call]);
    const other = calls.find(({ process }) => process !== caller.process);
    if (other && !other.task.excused && !task.excused) onViolation('two processes call for one account at once');
  };

  const fetchHere: typeof fetch = async (input, init = {}) => {
    const task = currentTask();
    const caller = task && callerOf(task);
    if (!task || !caller) throw new Error('a call outside a task');
    const url = new URL(String(input));
    const method = init.method ?? 'GET';
    const body = typeof init.body === 'string' ? (JSON.parse(init.body) as Partial<Item>) : {};
    const call: Call = { task, process: caller.process, freezes: caller.freezes(), begunAt: clock.monotonic };
    await caller.onCall();
    notTwice(caller, task, call);
    count('calls');

    const trouble = await stop(`before ${method} ${url.pathname}`);
    const isOver = () => clock.monotonic >= call.begunAt + CALL_MS;
    const done = () => {
      const calls = inFlight.get(caller.account) ?? [];
      inFlight.set(
        caller.account,
        calls.filter((other) => other !== call),
      );
    };
    const cut = () => {
      done();
      return new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) });
    };
    const timedOut = () => {
      done();
      return new DOMException('timed out', 'TimeoutError');
    };
    let sentAt = call.begunAt;
    if (isOver()) {
      // Its time-out would have cut it, had it not been frozen between its check and the first byte.
      if (caller.freezes() === call.freezes) throw timedOut();
      sentAt = clock.monotonic;
      if (method !== 'GET') task.spared = true;
      count('woke late');
    }
    if (trouble !== 'none') count(trouble);
    const effect = () => carryOut(method, url.pathname, url.searchParams, body);
    if (trouble === '500') return respond({ status: 500, body: {} });
    if (trouble === 'rejected' && method !== 'GET' && url.pathname !== '/check')
      return respond({ status: 400, body: { message: 'not today' } });
    if (trouble === 'late') {
      // Spread over the time that the target's settings allow.
      const share = ((counts.late ?? 0) % 4) / 4 + 0.24;
      pending.push({ landAt: sentAt + share * (CALL_MS + SETTLE_MS), land: effect });
      throw cut();
    }
    const answer = effect();
    if (trouble === 'lost') throw cut();
    if (trouble === '500-after') return respond({ status: 500, body: {} });
    await stop(`after ${method} ${url.pathname}`);
    if (isOver() && sentAt === call.begunAt) throw timedOut();
    return respond(answer);

    function respond({ status, body: sent }: Answer): Response {
      done();
      return new Response(JSON.stringify(sent ?? {}), { status, headers: { 'content-type': 'application/json' } });
    }
  };

  return {
    items,
    removals,
    pending,
    counts,
    fetch: fetchHere,
    land(until) {
      const due = pending.filter(({ landAt }) => landAt <= until).sort((a, b) => a.landAt - b.landAt);
      for (const effect of due) {
        pending.splice(pending.indexOf(effect), 1);
        effect.land();
      }
    },
  };
}

const BASE = 'http://tiny.example';

const observe = (item: Item): Observed => ({
  id: item.id,
  keys: { name: item.name, person: item.person },
  fields: { title: item.title },
  enabled: item.enabled,
  assignments: item.assignments,
});

/** The system as a target. `natural`: it cannot be asked, and a second create gives back the first. */
export function tinyType(create: Create): TargetType {
  const Settings = z.object({});
  const call = (io: Io, method: string, path: string, json?: unknown) =>
    request(io, { method, url: `${BASE}${path}`, ...(json !== undefined && { json }) });
  const isOurs = (item: Item, keys: Keys) => item.name === keys.name && item.person === keys.person;

  const apply = async (step: Step, id: string | null, io: Io) => {
    if (step.kind === 'create') {
      const keys = { name: step.body?.name ?? '', person: step.body?.person ?? '' };
      const answer = await call(io, 'POST', '/items', step.body);
      const item = answer.body as Item;
      if (answer.status < 300 || (answer.status === 409 && isOurs(item, keys))) {
        if (!isOurs(item, keys)) throw taken(item);
        return { id: item.id, evidence: 'answer' as const, observed: observe(item) };
      }
      if (answer.status === 409) throw taken(item);
      throw new TargetError(classify(answer));
    }
    const answer = await call(io, ...requestOf(step, id ?? ''));
    if (answer.status === 404) {
      if (step.kind === 'delete') return { evidence: 'answer' as const };
      throw new TargetError({ kind: 'retry', reason: 'the record is gone; it is looked for again' });
    }
    if (answer.status === 409) throw taken(answer.body as Item);
    expectSuccess(answer);
    return { evidence: 'answer' as const, ...(step.kind !== 'delete' && { observed: observe(answer.body as Item) }) };
  };

  return defineTarget({
    type: `tiny-${create}`,
    title: 'Tiny',
    settings: Settings,
    secrets: [],
    mapping: { name: { expression: 'user.userName', description: 'name' } },
    capabilities: {
      disable: 'native',
      delete: 'hard',
      rename: true,
      create,
      lookup: 'exact',
      verify: 'read',
      assignments: { noun: 'event' },
      invites: false,
    },
    limitGroup: () => 'tiny',
    systemKey: () => 'tiny',
    desired({ presence, user, assignments }) {
      if (presence === 'absent') return null;
      return {
        presence,
        keys: { name: String(user.userName), person: String(user.externalId) },
        fields: { title: String(user.title) },
        assignments: presence === 'active' ? assignments : [],
      };
    },
    plan(desired, observed, memory) {
      if (desired === null) return observed ? [{ kind: 'delete', call: 'DELETE /items/{id}' }] : [];
      const assign = (seen: readonly string[]): Step[] =>
        desired.assignments
          .filter((subject) => !seen.includes(subject))
          .map((subject) => ({ kind: 'assign', call: 'PUT /items/{id}/assignments/{s}', subject }));
      const { name = '', person = '' } = desired.keys;
      const { title = '' } = desired.fields;
      if (observed === null)
        return [{ kind: 'create', call: 'POST /items', body: { name, person, title } }, ...assign([])];
      const steps: Step[] = [];
      const put = (kind: Step['kind'], body: Record<string, string>): Step => ({ kind, call: 'PUT /items/{id}', body });
      const seen = observed.assignments ?? [];
      for (const subject of seen.filter((other) => !desired.assignments.includes(other))) {
        if (desired.presence === 'inactive' || memory.granted.includes(subject))
          steps.push({ kind: 'unassign', call: 'DELETE /items/{id}/assignments/{s}', subject });
      }
      if (desired.presence === 'inactive' && observed.enabled) steps.push(put('disable', {}));
      if (observed.keys.name !== name) steps.push(put('rename', { name }));
      if (observed.fields.title !== title) steps.push({ ...put('update', { title }), changes: ['title'] });
      if (desired.presence === 'active' && !observed.enabled) steps.push(put('enable', {}));
      return [...steps, ...(desired.presence === 'active' ? assign(seen) : [])];
    },
    open: () => ({
      async check(io) {
        expectSuccess(await call(io, 'GET', '/check'));
        return 'fine';
      },
      async find({ id, keys, openIntent }, io) {
        if (id !== null) {
          const answer = await call(io, 'GET', `/items/${id}`);
          if (answer.status !== 404) return { kind: 'found', observed: observe(expectSuccess(answer).body as Item) };
          if (!openIntent) return { kind: 'absent' };
        }
        if (create === 'natural') return { kind: 'unknowable' };
        const seen = new Map<string, Item>();
        for (const each of keys) {
          const answer = expectSuccess(await call(io, 'GET', `/items?name=${each.name}`));
          for (const item of answer.body as Item[]) if (isOurs(item, each)) seen.set(item.id, item);
        }
        const [first, second] = seen.values();
        if (!first) return { kind: 'absent' };
        if (second) return { kind: 'ambiguous', ids: [...seen.keys()], detail: 'two' };
        return { kind: 'found', observed: observe(first) };
      },
      // biome-ignore lint/correctness/useYield: nobody lists here
      async *list() {
        throw new Error('not listed');
      },
      apply: (step, { id }, io) => apply(step, id, io),
    }),
    sandbox: undefined as never,
  } satisfies TargetType<z.infer<typeof Settings>>);
}

function taken(holder: Item): TargetError {
  return new TargetError({ kind: 'reject', reason: `${holder.name} is taken`, heldBy: holder.id });
}

function requestOf(step: Step, id: string): [method: string, path: string, json?: unknown] {
  switch (step.kind) {
    case 'delete':
      return ['DELETE', `/items/${id}`];
    case 'assign':
      return ['PUT', `/items/${id}/assignments/${step.subject}`];
    case 'unassign':
      return ['DELETE', `/items/${id}/assignments/${step.subject}`];
    case 'disable':
    case 'enable':
      return ['PUT', `/items/${id}`, { enabled: step.kind === 'enable' }];
    default:
      return ['PUT', `/items/${id}`, step.body];
  }
}
