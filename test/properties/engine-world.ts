/** A directory, a tiny target and a few processes of the engine, and what the test may do to them. */
import { randomUUIDv7 } from 'node:crypto';
import type { App } from '../../src/app.ts';
import type { Database } from '../../src/store/tables.ts';
import { addTarget, setTarget } from '../../src/sync/admin/targets.ts';
import type { TargetType } from '../../src/targets/target.ts';
import type { Clock, Task } from './engine-clock.ts';
import { type EngineProcess, type Round, startProcess } from './engine-process.ts';
import { CALL_MS, createRemote, type Remote, SETTLE_MS } from './engine-remote.ts';

export const TENANT = 'acme';
export const TARGET = 'tiny';
export const PROCESSES = 3;

/** What an IdP can do to one of a few people. */
export type Edit =
  | 'create'
  | 'rename'
  | 'title'
  | 'deactivate'
  | 'activate'
  | 'delete'
  | 'in-scope'
  | 'out-of-scope'
  | 'join'
  | 'leave';

export interface Wished {
  id: string;
  userName: string;
  title: string;
  active: boolean;
  out: boolean;
  member: boolean;
}

export interface Setting {
  create: 'conflict' | 'natural';
  /** People take each other's names. */
  contested: boolean;
}

export interface World {
  clock: Clock;
  remote: Remote;
  wishes: Map<number, Wished>;
  rules: { scoped: boolean; outOfScope: 'disable' | 'delete' };
  /** externalId of everybody who was ever created, by SCIM id. */
  people: Map<string, string>;
  violations: string[];
  edit(person: number, what: Edit): Promise<void>;
  setRules(rules: World['rules']): Promise<void>;
  advance(ms: number): void;
  /** Sets the database's clock. */
  jump(ms: number): void;
  round(process: number, round: Round): Promise<void>;
  beat(process: number): Promise<void>;
  freeze(process: number): void;
  thaw(process: number): void;
  /** The process is gone with all that it was about; another takes its place. */
  crash(process: number): Promise<void>;
  /** Tasks that can go on. */
  tasks(): Task[];
  log: string[];
}

export async function createWorld(app: App, types: ReadonlyMap<string, TargetType>, setting: Setting): Promise<World> {
  await wipe(app);
  const context = { ...app, types };
  const clock: Clock = { wall: 1_800_000_000_000, monotonic: 1_000_000 };
  const violations: string[] = [];
  const log: string[] = [];
  let processes: EngineProcess[] = [];
  const dead: EngineProcess[] = [];
  const callerOf = (task: Task) => processes.map((each) => each.callerOf(task)).find((caller) => caller);
  const remote = createRemote(clock, setting.create, callerOf, (what) => violations.push(what));
  const wishes = new Map<number, Wished>();
  const people = new Map<string, string>();
  const rules: World['rules'] = { scoped: true, outOfScope: 'disable' };
  const inputOf = ({ scoped, outOfScope }: World['rules']) => ({
    scope: scoped ? 'userType ne "Out"' : null,
    outOfScope,
    deleted: 'delete',
    existing: 'exact',
    limits: 'off',
    assignments: [{ groupPrefix: 'Event ' }],
  });
  const pace = {
    callTimeoutMs: CALL_MS,
    settleMs: SETTLE_MS,
    backoffMinMs: 500,
    backoffMaxMs: 4_000,
    ratePerSecond: 0,
  };
  await addTarget(context, TENANT, TARGET, `tiny-${setting.create}`, { settings: {}, rules: inputOf(rules), pace });

  const onError = (error: unknown) => {
    // What the test did to the store, and what a refused transaction comes to.
    if (error instanceof Error && /by the test/.test(error.message)) return;
    violations.push(`unexpected: ${error instanceof Error ? error.stack : error}`);
  };
  const start = (number: number) => startProcess(number, context, clock, (what) => violations.push(what), onError);
  for (let number = 0; number < PROCESSES; number++) processes.push(await start(number));

  const directory = createEdits(app, wishes, people, setting);
  const at = (number: number) => processes[number % PROCESSES] as EngineProcess;

  return {
    clock,
    remote,
    wishes,
    rules,
    people,
    violations,
    log,
    edit: directory,
    async setRules(next) {
      Object.assign(rules, next);
      await setTarget(context, TENANT, TARGET, { rules: inputOf(rules) });
    },
    advance(ms) {
      clock.monotonic += ms;
      clock.wall += ms;
      remote.land(clock.monotonic);
    },
    jump(ms) {
      // A clock that is set to and fro between two beats leaves nothing to see it by.
      if (processes.every((process) => process.unbeaten())) return;
      // How long a call may take effect is measured on the clock that is set: what is on its way lands before.
      if (ms > 0) remote.land(Number.POSITIVE_INFINITY);
      clock.wall += ms;
      // What the dead had begun may be under way as well.
      for (const process of [...processes, ...dead]) process.clockWasSet();
    },
    round: (process, round) => at(process).round(round),
    beat: (process) => at(process).beat(),
    freeze(number) {
      at(number).frozen = true;
      at(number).freezes++;
    },
    thaw(number) {
      at(number).frozen = false;
    },
    async crash(number) {
      if (
        at(number)
          .tasks()
          .some(({ spared }) => spared)
      )
        return;
      dead.push(at(number));
      const next = await start(number % PROCESSES);
      processes = processes.map((process, index) => (index === number % PROCESSES ? next : process));
    },
    tasks: () => processes.filter(({ frozen }) => !frozen).flatMap((process) => process.tasks()),
  };
}

/** What the IdP does, and what it therefore wishes. */
function createEdits(app: App, wishes: Map<number, Wished>, people: Map<string, string>, { contested }: Setting) {
  const [user, group] = [app.resourceTypes.get('User'), app.resourceTypes.get('Group')];
  if (!user || !group) throw new Error('no types');
  const caller = () => ({ tenant: TENANT, actor: 'test', idp: 'generic', activityId: randomUUIDv7() });
  let number = 0;
  let groupId: string | null = null;
  const namesOf = (person: number) => (contested ? ['ann', 'bob', 'cy'] : [`u${person}`, `u${person}-new`]);
  const freeName = (person: number) => {
    const names = namesOf(person);
    const taken = new Set([...wishes.values()].map(({ userName }) => userName));
    return (
      names.find((name, index) => !taken.has(name) && index >= number % names.length) ??
      names.find((name) => !taken.has(name))
    );
  };
  const replace = async (wished: Wished, person: number) => {
    const { id, userName, title, active, out } = wished;
    const body = { userName, externalId: `p${person}`, title, active, userType: out ? 'Out' : 'Employee' };
    await app.directory.replace(caller(), user, id, body, {});
  };
  const member = async (id: string, what: 'add' | 'remove') => {
    groupId ??= (await app.directory.create(caller(), group, { displayName: 'Event 7' }, {})).resource?.id ?? null;
    const operation =
      what === 'add'
        ? { op: 'add', path: 'members', value: [{ value: id }] }
        : { op: 'remove', path: `members[value eq "${id}"]` };
    const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] };
    await app.directory.patch(caller(), group, groupId ?? '', body, { attributes: 'id' });
  };

  return async (person: number, what: Edit): Promise<void> => {
    number++;
    const wished = wishes.get(person);
    const title = `t${number}`;
    if (!wished) {
      const userName = freeName(person);
      if (userName === undefined) return;
      // One of them is there to enter and leave the scope with the rules.
      const out = person === 0;
      const body = { userName, externalId: `p${person}`, title, active: true, userType: out ? 'Out' : 'Employee' };
      const id = (await app.directory.create(caller(), user, body, {})).resource?.id ?? '';
      people.set(id, `p${person}`);
      wishes.set(person, { id, userName, title, active: true, out, member: false });
      return;
    }
    switch (what) {
      case 'create':
      case 'title':
        wished.title = title;
        return replace(wished, person);
      case 'rename':
        wished.userName = freeName(person) ?? wished.userName;
        return replace(wished, person);
      case 'activate':
      case 'deactivate':
        wished.active = what === 'activate';
        return replace(wished, person);
      case 'in-scope':
      case 'out-of-scope':
        wished.out = what === 'out-of-scope';
        return replace(wished, person);
      case 'join':
      case 'leave':
        if (wished.member === (what === 'join')) return;
        wished.member = what === 'join';
        return member(wished.id, wished.member ? 'add' : 'remove');
      case 'delete':
        wishes.delete(person);
        await app.directory.remove(caller(), user, wished.id, {});
    }
  };
}

const TABLES: readonly (keyof Database)[] = [
  'accounts',
  'intents',
  'receipts',
  'calls',
  'remote_links',
  'processes',
  'targets',
  'changes',
  'members',
  'activity',
  'tombstones',
  'lookups',
  'resources',
];

async function wipe(app: App): Promise<void> {
  await app.store.write(async (trx) => {
    for (const table of TABLES) await trx.deleteFrom(table).execute();
  });
}
