/** Since when nobody wants something any more: what removals are timed by, and the order of calls is judged by. */
import type { Key } from './model.ts';

/** A time in which a person is to be without something. Milliseconds since the epoch. */
export interface Out {
  marker: string;
  key: Key;
  /** The IdP has the answer that takes it away. */
  since: number;
  /** The IdP begins to ask for it again; infinite while it does not. */
  until: number;
}

export interface History {
  /** The changes so far that were answered. */
  changes(): number;
  outs(): readonly Out[];
  of(marker: string, key: Key): readonly Out[];
  note(marker: string, before: ReadonlySet<Key>, after: ReadonlySet<Key>, sentAt: number, ackedAt: number): void;
  /** One more request that changed the directory was answered. */
  count(): void;
}

export function createHistory(): History {
  const outs: Out[] = [];
  const byKey = new Map<string, Out[]>();
  let changes = 0;
  const of = (marker: string, key: Key) => byKey.get(`${marker} ${key}`) ?? [];
  return {
    changes: () => changes,
    outs: () => outs,
    of,
    count() {
      changes++;
    },
    note(marker, before, after, sentAt, ackedAt) {
      for (const key of after) {
        const open = of(marker, key).at(-1);
        if (!before.has(key) && open) open.until = sentAt;
      }
      for (const key of before) {
        if (after.has(key)) continue;
        const out = { marker, key, since: ackedAt, until: Number.POSITIVE_INFINITY };
        outs.push(out);
        byKey.set(`${marker} ${key}`, [...of(marker, key), out]);
      }
    },
  };
}
