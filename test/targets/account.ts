/** The smallest stand-in for the sync engine: one account, brought to what is wanted by the contract alone. */
import { tmpdir } from 'node:os';
import { userShape } from '../../src/directory/user-shape.ts';
import { loadSchemas } from '../../src/schemas.ts';
import type { Complex } from '../../src/scim/document.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { createMappingCompiler } from '../../src/sync/rules/mapping/mapping.ts';
import {
  type Applied,
  type Connection,
  type Desired,
  type Found,
  type Io,
  type Memory,
  type Observed,
  type Person,
  STEP_ORDER,
  type Step,
  type Subject,
  type TargetType,
} from '../../src/targets/target.ts';

export interface Run {
  found: Found;
  steps: readonly Step[];
  applied: Applied[];
}

export interface Account {
  id: string | null;
  memory: Memory;
  /** What was last seen. */
  observed: Observed | null;
  openIntent: boolean;
  /** When the first create whose outcome is open was begun. */
  since: Date | null;
  desired(person: Somebody): Desired | null;
  /** @throws TargetError of the first step that fails. */
  sync(person: Somebody): Promise<Run>;
}

/** A person as the directory has it; the fields are mapped by the target type's own expressions. */
export type Somebody = Omit<Person, 'values' | 'password'> & Partial<Pick<Person, 'password'>>;

const { resourceTypes } = await loadSchemas(tmpdir());
const compile = createMappingCompiler(userShape(resourceTypes.get('User') as ResourceType));

export function mapped({ mapping }: Pick<TargetType, 'mapping'>, somebody: Somebody): Person {
  const values = compile(mapping, {}).valuesOf(somebody.user as Complex);
  return { password: 'random', ...somebody, values };
}

/** Does what a manual step asks of a person; undefined: nobody does. */
export type ByHand = (step: Step, subject: Subject) => Promise<unknown> | undefined;

export function createAccount(
  type: TargetType,
  settings: unknown,
  connection: Connection,
  io: Io,
  byHand?: ByHand,
): Account {
  let lastKeys: Desired['keys'] | null = null;

  async function locate(keys: Desired['keys'][]): Promise<Found> {
    const { id, observed, openIntent } = account;
    if (id !== null) {
      const linked = await connection.find({ id, keys, last: observed, openIntent: false }, io);
      if (linked.kind === 'found') return linked;
      if (linked.kind !== 'absent') throw new Error(`the linked record is ${linked.kind}`);
    }
    const found = await connection.find({ id: null, keys, last: null, openIntent, since: account.since }, io);
    if (found.kind === 'ambiguous') throw new Error(found.detail);
    return found;
  }

  const account: Account = {
    id: null,
    memory: { granted: [], remembered: [] },
    observed: null,
    openIntent: false,
    since: null,
    desired: (somebody) => type.desired(mapped(type, somebody), settings),
    async sync(person) {
      const desired = account.desired(person);
      const keys = [desired?.keys, lastKeys].filter((pair) => pair !== null && pair !== undefined);
      const found = await locate(keys);
      account.observed = found.kind === 'found' ? found.observed : null;
      if (found.kind === 'found' && found.doubles) account.memory = { ...account.memory, doubles: found.doubles };
      const planned = type.plan(desired, account.observed, account.memory, settings);
      const steps = [...planned].sort((a, b) => STEP_ORDER.indexOf(a.kind) - STEP_ORDER.indexOf(b.kind));
      account.id = account.observed?.id ?? null;
      lastKeys = desired?.keys ?? lastKeys;
      const applied: Applied[] = [];
      for (const step of steps) {
        account.openIntent ||= step.kind === 'create';
        if (step.kind === 'create') account.since ??= io.clock();
        const subject = { id: account.id, desired, observed: account.observed };
        if (step.manual !== undefined) {
          const doing = byHand?.(step, subject);
          if (doing) account.memory = remember(account.memory, step, desired, account.observed);
          await doing;
          continue;
        }
        const done = await connection.apply(step, subject, io);
        applied.push(done);
        account.id = done.id ?? account.id;
        if (step.record) {
          account.memory = withoutDouble(account.memory, step.record);
          continue;
        }
        account.id = done.id ?? account.id;
        account.observed = done.observed ?? without(account.observed, step);
        account.memory = { ...account.memory, ...remember(account.memory, step, desired, account.observed) };
      }
      account.openIntent = false;
      account.since = null;
      if (desired?.presence === 'active') account.memory = { ...account.memory, remembered: [] };
      return { found, steps, applied };
    },
  };
  return account;
}

/** An answer that does not show the record leaves the stand-in to know what became of an assignment. */
function without(observed: Observed | null, { kind, subject }: Step): Observed | null {
  if (!observed?.assignments || kind !== 'unassign') return observed;
  return { ...observed, assignments: observed.assignments.filter((event) => event !== subject) };
}

function withoutDouble({ doubles, ...memory }: Memory, record: string): Memory {
  return { ...memory, doubles: doubles?.filter((id) => id !== record) ?? [] };
}

function remember({ granted, remembered }: Memory, step: Step, desired: Desired | null, seen: Observed | null): Memory {
  if (step.grants) return { granted: step.grants.filter((each) => seen?.assignments?.includes(each)), remembered };
  const event = step.subject ?? '';
  const others = granted.filter((each) => each !== event);
  if (step.kind === 'assign' && desired?.assignments.includes(event))
    return { granted: [...others, event], remembered };
  if (step.kind !== 'unassign') return { granted, remembered };
  const isTheirs = desired?.presence === 'inactive' && !granted.includes(event);
  return { granted: others, remembered: isTheirs ? [...remembered, event] : remembered };
}
