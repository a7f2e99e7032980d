/**
 * What the IdP has asked for, and since when nobody wants something any more: what removals are timed by, and the order of
 * calls is judged by.
 */
import type { Key } from './model.ts';

/** A request that changed the directory and was answered. Times in milliseconds since the epoch. */
export interface Change {
  /** Which of the load's operations. */
  operation: string;
  /** `METHOD path` and what of it concerns people. */
  what: string;
  /** When it was first sent, and when it was known to be carried out. */
  sentAt: number;
  ackedAt: number;
  /** Whom it concerns, with what each was to have before and is to have after it. */
  people: { marker: string; before: Key[]; after: Key[] }[];
}

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
  changes(): number;
  /** How often each operation was carried out. */
  operations(): Record<string, number>;
  outs(): readonly Out[];
  /** The times in which the person is to be without this. */
  of(marker: string, key: Key): readonly Out[];
  /** What the IdP asked for about a person, oldest first, as lines with their times. */
  about(marker: string): readonly Line[];
  note(change: Change): void;
}

export interface Line {
  at: number;
  what: string;
}

export function createHistory(): History {
  const outs: Out[] = [];
  const byKey = new Map<string, Out[]>();
  const lines = new Map<string, Line[]>();
  const counts = new Map<string, number>();
  let changes = 0;
  const of = (marker: string, key: Key) => byKey.get(`${marker} ${key}`) ?? [];

  return {
    changes: () => changes,
    operations: () => Object.fromEntries([...counts].sort()),
    outs: () => outs,
    of,
    about: (marker) => lines.get(marker) ?? [],
    note({ operation, what, sentAt, ackedAt, people }) {
      changes++;
      counts.set(operation, (counts.get(operation) ?? 0) + 1);
      for (const { marker, before, after } of people) {
        const given = after.filter((key) => !before.includes(key));
        const taken = before.filter((key) => !after.includes(key));
        for (const key of given) {
          const open = of(marker, key).at(-1);
          if (open) open.until = sentAt;
        }
        for (const key of taken) {
          const out = { marker, key, since: ackedAt, until: Number.POSITIVE_INFINITY };
          outs.push(out);
          const known = byKey.get(`${marker} ${key}`);
          if (known) known.push(out);
          else byKey.set(`${marker} ${key}`, [out]);
        }
        const effect = [...given.map((key) => `+${key}`), ...taken.map((key) => `-${key}`)].join(', ');
        const line = { at: ackedAt, what: `IdP ${operation}: ${what}${effect && ` (${effect})`}` };
        const about = lines.get(marker);
        if (about) about.push(line);
        else lines.set(marker, [line]);
      }
    },
  };
}
