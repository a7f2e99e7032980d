/** What happened to the people whom a violation is about: what the IdP asked, each call, what `linkspan explain` says. */
import type { Line } from './history.ts';
import type { World } from './model.ts';
import { type Evidence, markerOf } from './order/evidence.ts';
import { runLinkspan } from './processes.ts';
import type { RecordedCall } from './recorder.ts';
import { show, tell } from './report.ts';
import { type Stage, TENANT } from './stage.ts';
import type { Violation } from './violation.ts';

export interface Story {
  marker: string;
  violations: string[];
  /** What the IdP asked for and what was called, with the times in seconds of the run. */
  history: string[];
  /** As `linkspan explain` prints it, of the person and of whoever stands in the way. */
  explained: string[];
}

const TOLD = 5;
const LINES = 80;

const concerned = (violations: readonly Violation[]) =>
  [...new Set(violations.flatMap(({ marker }) => marker ?? []))].slice(0, TOLD);

export function storiesOf(
  violations: readonly Violation[],
  evidence: Evidence,
  begun: number,
  explained: ReadonlyMap<string, string[]>,
): Story[] {
  return concerned(violations).map((marker) => {
    const calls = evidence.calls.filter((call) => markerOf(evidence, call) === marker).map(lineOf);
    const woken = evidence.disturbances.map(
      ({ kind, from, to }): Line => ({ at: from, what: `${kind}, ${to - from} ms` }),
    );
    return {
      marker,
      violations: violations.filter((each) => each.marker === marker).map(show),
      history: tell([...evidence.history.about(marker), ...calls, ...woken], begun).slice(-LINES),
      explained: explained.get(marker) ?? [],
    };
  });
}

function lineOf({ system, kind, id, grant, key, at, endedAt, status }: RecordedCall): Line {
  const about = [id, grant, key].filter((each) => each !== null).join(' ');
  const took = endedAt === null ? 'never' : `${endedAt - at} ms`;
  return { at, what: `${system} ${kind} ${about}: ${status ?? 'no answer'} after ${took}` };
}

/** Person -> what is said. */
export async function explain(
  { env }: Stage,
  worlds: readonly World[],
  violations: readonly Violation[],
): Promise<Map<string, string[]>> {
  const markers = concerned(violations);
  const explained = new Map<string, string[]>();
  for (const person of worlds.flatMap((world) => world.people).filter(({ marker }) => markers.includes(marker))) {
    const ask = (id: string) => runLinkspan(['explain', id, '--tenant', TENANT], env);
    const said = await ask(person.id ?? person.formerIds.at(-1) ?? '');
    // Who stands in the way is half of the reason.
    const holders = [...said.matchAll(/held by the account of user\s+([0-9a-f-]{36})/g)].map(([, id = '']) => id);
    const others = await Promise.all(holders.map(ask));
    explained.set(person.marker, [JSON.stringify(person), said, ...others]);
  }
  return explained;
}
