/**
 * The points at which a system's behaviour is in doubt or depends on circumstances, and which value of each is in force.
 * Remembered, so that a sandbox behaves the same after a restart.
 */
import type { SandboxPart, SandboxPoints, SandboxSystem } from './sandbox.ts';
import type { SandboxStore } from './sandbox-store.ts';

export interface Profiles {
  value(system: string, point: string): string;
  /** Every point and switch of a system with the value in force. */
  all(system: SandboxSystem): Record<string, string>;
  /**
   * Sets points: `documented` and `observed` set all doubtful ones to their first or second value, `point=value` sets one.
   * @throws Error in plain words, before anything is set.
   */
  set(systems: readonly SandboxSystem[], wishes: readonly string[]): void;
  clear(): void;
}

export function createProfiles(parts: readonly SandboxPart[], store: SandboxStore): Profiles {
  const chosen = new Map(Object.entries((store.recall('profiles') as Record<string, string> | undefined) ?? {}));

  function pointsOf(system: string, which: 'profiles' | 'switches'): SandboxPoints {
    return Object.assign({}, ...parts.filter((part) => part.system === system).map((part) => part[which] ?? {}));
  }
  const everyPoint = (system: string) => ({ ...pointsOf(system, 'profiles'), ...pointsOf(system, 'switches') });

  /** What one wish sets. */
  function read(system: SandboxSystem, wish: string): [key: string, value: string][] {
    if (wish === 'documented' || wish === 'observed') {
      return Object.entries(pointsOf(system, 'profiles')).map(([point, [first, second]]) => [
        `${system}/${point}`,
        wish === 'documented' ? first : (second ?? first),
      ]);
    }
    const points = everyPoint(system);
    const [point = '', value = ''] = wish.split('=', 2).map((part) => part.trim());
    const known = Object.keys(points).join(', ') || 'none';
    if (!points[point]) throw new Error(`${system} has no profile point "${point}"; it has: ${known}`);
    if (!points[point].includes(value)) {
      throw new Error(`${point} of ${system} is one of ${points[point].join(', ')}, not "${value}"`);
    }
    return [[`${system}/${point}`, value]];
  }

  return {
    value: (system, point) => chosen.get(`${system}/${point}`) ?? everyPoint(system)[point]?.[0] ?? '',
    all: (system) =>
      Object.fromEntries(
        Object.entries(everyPoint(system)).map(([point, [first]]) => [
          point,
          chosen.get(`${system}/${point}`) ?? first,
        ]),
      ),
    set(systems, wishes) {
      const settings = systems.flatMap((system) => wishes.flatMap((wish) => read(system, wish)));
      for (const [key, value] of settings) chosen.set(key, value);
      store.remember('profiles', Object.fromEntries(chosen));
    },
    clear() {
      chosen.clear();
      store.remember('profiles', {});
    },
  };
}
