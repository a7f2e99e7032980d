/** The load, as a process of its own (load-link.ts starts it): what it sees of the connectors is what an IdP sees. */
import type { Change } from './history.ts';
import { createIdp, type IdpCounts, noCounts } from './idp.ts';
import { groupSets, load } from './load.ts';
import { createWorld, type World } from './model.ts';
import { createRandom } from './random.ts';
import { loadSystems } from './systems/system.ts';

export interface LoadBegin {
  seed: number;
  token: string;
  users: number;
  groups: number;
  perSecond: number;
  contested: boolean;
}

export type ToLoad = { begin: LoadBegin } | { bases: string[] } | 'stop';

export type FromLoad =
  | 'sending'
  | { change: Change }
  | { failed: string }
  | { done: { worlds: World[]; counts: IdpCounts } };

const LANES = 4;

let bases: string[] = [];
const stop = new AbortController();
const tell = (message: FromLoad) => process.send?.(message);

async function run({ seed, token, contested, ...options }: LoadBegin): Promise<void> {
  const counts = noCounts();
  const systems = await loadSystems();
  const names = systems.flatMap((system) => system.groupNames(groupSets(options.groups)));
  const worlds = Array.from({ length: LANES }, (_, lane) => createWorld(lane, LANES, names));
  const loading = worlds.map((world) => {
    const connections = createRandom(seed, 50 + world.lane);
    const idp = createIdp(
      () => bases[connections.below(bases.length)],
      token,
      counts,
      () => tell('sending'),
    );
    const random = createRandom(seed, world.lane);
    const hand = { world, systems, idp, random, contested, onChange: (change: Change) => tell({ change }) };
    return load(hand, { ...options, lanes: LANES }, stop.signal).catch((error: Error) =>
      tell({ failed: error.stack ?? error.message }),
    );
  });
  await Promise.all(loading);
  tell({ done: { worlds, counts } });
}

process.on('message', (message: ToLoad) => {
  if (message === 'stop') stop.abort();
  else if ('bases' in message) bases = message.bases;
  else void run(message.begin);
});
// Whoever started it is gone.
process.on('disconnect', () => process.exit(1));
