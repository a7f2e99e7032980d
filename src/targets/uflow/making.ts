/**
 * Which records were made since we began to make one: they are ours. The system stamps them with its own clock, so the two
 * clocks are compared first.
 */
import type { EndUser } from './mapping.ts';

/** Below this, a `Date` header (whole seconds, a network away) cannot tell a wrong clock from a right one. */
const NOTICEABLE_MS = 2_000;

/**
 * @param since by our clock. @param offset by how many milliseconds the system's clock is ahead, as a `Date` header tells.
 * @returns in the order of their making. A record without a readable time of making is not among them.
 */
export function madeSince(users: readonly EndUser[], since: Date, offset: number): EndUser[] {
  const isWrong = Math.abs(offset) > NOTICEABLE_MS;
  const from = since.getTime() + (isWrong ? offset - 1_000 : 0);
  const madeAt = (user: EndUser) => Date.parse(String(user.created_at ?? ''));
  return users
    .filter((user) => lastMoment(user) >= from)
    .sort((a, b) => madeAt(a) - madeAt(b) || (a.id < b.id ? -1 : 1));
}

/** The latest moment that `created_at` may stand for: written without fractions it stands for a whole second. NaN: none. */
function lastMoment({ created_at }: EndUser): number {
  const text = String(created_at ?? '');
  return Date.parse(text) + (/\.\d/.test(text) ? 0 : 999);
}
