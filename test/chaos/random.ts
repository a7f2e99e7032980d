/** Numbers from a seed, so that a run can be repeated. */
export interface Random {
  /** In [0, 1). */
  (): number;
  /** A whole number below `limit`. */
  below(limit: number): number;
  /** @throws where there is nothing to pick from. */
  pick<T>(list: readonly T[]): T;
  chance(share: number): boolean;
}

/** @param stream keeps the parts of a run independent: none changes what another draws. */
export function createRandom(seed: number, stream: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return Object.assign(next, {
    below,
    pick<T>(list: readonly T[]): T {
      const picked = list[below(list.length)];
      if (picked === undefined) throw new Error('there is nothing to pick from');
      return picked;
    },
    chance: (share: number) => next() < share,
  });
}
