/** Several connections of an IdP, each doing one thing after the other, drawn from the seed, until told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Idp } from './idp.ts';
import type { World } from './model.ts';
import type { Hand } from './operations.ts';
import * as operations from './operations.ts';

export interface LoadOptions {
  /** So many in the end. */
  users: number;
  groups: number;
  lanes: number;
  /** Things done a second, over all connections. */
  perSecond: number;
}

const LEAST_SETS = 10;

/** Sets of names that groups may have: more than there are groups, so that groups can be renamed. */
export const groupSets = (groups: number): number => Math.max(LEAST_SETS, groups);

type Operation = (hand: Hand) => Promise<void>;

/** How often each is done, in proportion. */
const WITH_USERS: [number, Operation][] = [
  [12, operations.edit],
  [2, operations.editOften],
  [10, operations.rename],
  [5, operations.swap],
  [10, operations.deactivate],
  [12, operations.reactivate],
  [5, operations.flicker],
  [4, operations.changeType],
  [6, operations.remove],
  [6, operations.rehire],
];
const WITH_GROUPS: [number, Operation][] = [
  [16, operations.addMembers],
  [2, operations.fillGroup],
  [10, operations.removeMembers],
  [5, operations.renameGroup],
  [3, operations.deleteGroup],
];

/** @returns a connection at work; it resolves once `signal` has stopped it. @throws what it could not carry out. */
export async function load(
  hand: Omit<Hand, 'style' | 'operation'>,
  options: LoadOptions,
  signal: AbortSignal,
): Promise<void> {
  const pauseMs = (1_000 * options.lanes) / options.perSecond;
  while (!signal.aborted) {
    const isFirst = isFirstCycle(hand.world, options);
    // The first cycle of an IdP goes as fast as it is answered.
    if (!isFirst) await sleep(hand.random() * 2 * pauseMs);
    const operation = isFirst ? operations.hire : next(hand, options);
    await operation({ ...hand, operation: operation.name, style: hand.random.chance(0.5) ? 'entra' : 'okta' });
  }
}

/** Names of all operations, as the report has them. */
export const operationNames = (contested: boolean): string[] =>
  [...WITH_USERS, ...WITH_GROUPS]
    .map(([, operation]) => operation.name)
    .concat('hire', 'makeGroup')
    .filter((name) => contested || name !== operations.swap.name);

/** So many of those wanted are made first. */
const FIRST = 0.8;

/** Most are made first; the rest of the time they come and go. */
function isFirstCycle(world: World, { users, lanes }: LoadOptions): boolean {
  const count = operations.living(world).length;
  return count < (users / lanes) * FIRST || count < 2;
}

function next({ world, random }: { world: World; random: Hand['random']; idp: Idp }, options: LoadOptions): Operation {
  const users = options.users / options.lanes;
  const groups = options.groups / options.lanes;
  const count = operations.living(world).length;
  const list = [...WITH_USERS];
  if (count < users) list.push([20, operations.hire]);
  if (world.groups.length < groups && operations.unusedNames(world).length > 0) list.push([20, operations.makeGroup]);
  if (world.groups.length > 0) list.push(...WITH_GROUPS);
  let drawn = random() * list.reduce((sum, [share]) => sum + share, 0);
  for (const [share, operation] of list) {
    drawn -= share;
    if (drawn < 0) return operation;
  }
  return operations.edit;
}
