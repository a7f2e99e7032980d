/**
 * The roster of an event with what each member has checked in, for who stands at the door or looks on. It owns how often Qflow
 * may be asked for it: its statistics are computed anew at each call, at a cost that grows with the attendees.
 */
import type { Connection, Io, Report } from '../target.ts';
import { type Arrivals, axisOf, curveOf } from './arrivals.ts';
import type { Client, MemberStats } from './client.ts';
import type { Member } from './mapping.ts';

export interface Roster {
  event: string;
  /** When Qflow was asked, RFC 3339. */
  at: string;
  checkedIn: number;
  /** Everybody's, from the first arrival to the last, five minutes each, in order. */
  arrivals: Arrivals[];
  /** Those assigned now. */
  members: RosterMember[];
}

export interface RosterMember {
  id: string;
  userName: string;
  email: string;
  firstName: string;
  lastName: string;
  checkedIn: number;
  /** At the same times as `Roster.arrivals`. */
  arrivals: Arrivals[];
}

/**
 * The document's bounds: each second below 1,000 attendees, every 3 to 5 seconds up to 10,000, beyond that rather not. No call
 * tells how many there are, and those let in are only the fewest there can be; so the wider bounds hold.
 */
export function pauseFor(checkedIn: number): number {
  return checkedIn < 10_000 ? 5_000 : 60_000;
}

/** Events whose last answer is kept. */
const KEPT = 100;

export function createReports(client: Pick<Client, 'assignedTo' | 'statsOf'>): NonNullable<Connection['reports']> {
  const last = new Map<string, { report: Promise<Report>; askedAt: number; pauseMs: number }>();

  async function roster(event: string, io: Io): Promise<Report> {
    const now = io.clock().getTime();
    const kept = last.get(event);
    if (kept && now >= kept.askedAt && now - kept.askedAt < kept.pauseMs) return kept.report;
    const entry = { report: read(event, io), askedAt: now, pauseMs: pauseFor(0) };
    last.delete(event);
    last.set(event, entry);
    for (const [oldest] of last) if (last.size > KEPT) last.delete(oldest);
    try {
      const report = await entry.report;
      entry.pauseMs = report.againAfterMs;
      return report;
    } catch (error) {
      if (last.get(event) === entry) last.delete(event);
      throw error;
    }
  }

  async function read(event: string, io: Io): Promise<Report> {
    const at = io.clock().toISOString();
    const [members, stats] = await Promise.all([client.assignedTo(io, event), client.statsOf(io, event)]);
    return reportOf(rosterOf(event, at, members, stats));
  }

  return { roster };
}

/** Pure. Whoever is in one of the two answers only was assigned or unassigned in between, and is shown all the same. */
export function rosterOf(event: string, at: string, members: readonly Member[], stats: readonly MemberStats[]): Roster {
  const axis = axisOf(stats.map(({ activity }) => activity));
  const known = new Map(members.map((member) => [member.id, member]));
  const counted = new Map(stats.map((row) => [row.id, row]));
  const ids = [...new Set([...known.keys(), ...counted.keys()])];
  return {
    event,
    at,
    checkedIn: stats.reduce((sum, { checkedIn }) => sum + checkedIn, 0),
    arrivals: curveOf(
      axis,
      stats.map(({ activity }) => activity),
    ),
    members: ids.map((id) => {
      const member: Partial<Member> = known.get(id) ?? {};
      const row = counted.get(id);
      return {
        id,
        userName: text(member.userName) || (row?.userName ?? ''),
        email: text(member.email),
        firstName: text(member.firstName),
        lastName: text(member.lastName),
        checkedIn: row?.checkedIn ?? 0,
        arrivals: curveOf(axis, row ? [row.activity] : []),
      };
    }),
  };
}

const LONGEST_BAR = 40;

function reportOf(roster: Roster): Report {
  const { arrivals, members } = roster;
  const most = Math.max(1, ...arrivals.map(({ count }) => count));
  const bar = (count: number) => '█'.repeat(Math.ceil((count / most) * LONGEST_BAR));
  const againAfterMs = pauseFor(roster.checkedIn);
  const notes = [
    ...(members.length === 0
      ? ['Nobody is assigned. Qflow answers the same for an event that is unknown or belongs to another account.']
      : []),
    ...(arrivals.length > 0 ? ['Times of day are as Qflow gives them, without a date or a time zone.'] : []),
    ...(againAfterMs > pauseFor(0)
      ? ['For events of this size Qflow asks not to poll, but to have its check-in webhook called.']
      : []),
  ];
  const people = {
    title: `${members.length} assigned to event ${roster.event}, ${roster.checkedIn} checked in`,
    header: ['MEMBER', 'NAME', 'E-MAIL', 'CHECKED IN'],
    rows: members.map(({ userName, firstName, lastName, email, checkedIn }) => [
      userName,
      `${firstName} ${lastName}`.trim(),
      email,
      String(checkedIn),
    ]),
  };
  const curve = {
    title: 'Arrivals, five minutes each',
    header: ['FROM', 'ARRIVED', ''],
    rows: arrivals.map(({ at, count }) => [at, String(count), bar(count)]),
  };
  return {
    data: roster,
    tables: [...(members.length > 0 ? [people] : []), ...(arrivals.length > 0 ? [curve] : [])],
    notes,
    againAfterMs,
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');
