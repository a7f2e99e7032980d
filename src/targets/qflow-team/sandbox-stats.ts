/** The row of `GET /team/event/{eventId}` for one assigned member, counted from the check-ins that were recorded. */
import type { SandboxRecord } from '../sandbox.ts';

export function statsOf(member: SandboxRecord, checkins: readonly SandboxRecord[]): SandboxRecord {
  const own = checkins.filter(({ teamMemberId }) => teamMemberId === member.id);
  const buckets = new Map<string, number>();
  for (const { at } of own) {
    const bucket = bucketOf(new Date(String(at)));
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  return {
    teamMemberId: member.id,
    username: member.userName,
    checkedIn: own.length,
    // On the document's schema, but never filled.
    checkedOut: 0,
    checkedInActivity: [...buckets].sort().map(([admitted, admittedCount]) => ({ admitted, admittedCount })),
  };
}

/** The start of the five minutes that `at` is in, as UTC time of day: `14:30`. */
function bucketOf(at: Date): string {
  const minutes = Math.floor(at.getUTCMinutes() / 5) * 5;
  return `${String(at.getUTCHours()).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}
