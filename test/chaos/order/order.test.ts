/** The rules of order on calls as a wrong engine would make them, each beside what a right one does. */
import { expect, it } from 'vitest';
import { createHistory } from '../history.ts';
import { accessKey, grantKey } from '../model.ts';
import type { RecordedCall, Stall } from '../recorder.ts';
import { checkOrder } from './order.ts';

type Sketch = Partial<RecordedCall> & Pick<RecordedCall, 'kind'>;

/** One call after the other, each 10 ms long and done, unless it says otherwise. */
function calls(...sketches: Sketch[]): RecordedCall[] {
  let at = 10_000;
  return sketches.map((sketch, index) => {
    at = sketch.at ?? at + 20;
    const times = { begun: 2 * index, ended: 2 * index + 1, at, endedAt: at + 10 };
    return { system: 'dashboard', id: null, marker: null, grant: null, key: null, status: 200, ...times, ...sketch };
  });
}

const look: Sketch = { kind: 'look', id: 'r1' };
const listing: Sketch = { kind: 'look', key: '*' };
const create: Sketch = { kind: 'create', id: 'r1', marker: 'P1', key: 'p1@x.test' };

interface Circumstances {
  /** Others who were to lose `lost` long before. */
  alsoOut?: string[];
  lost?: string;
  frozen?: boolean;
  stalls?: Stall[];
}

function judged(
  recorded: RecordedCall[],
  isOut = false,
  { alsoOut = [], lost = accessKey('dashboard'), frozen = false, stalls = [] }: Circumstances = {},
): string[] {
  const history = createHistory();
  const access = accessKey('dashboard');
  const people = [{ marker: 'P1', before: [access], after: [] }];
  const long = { operation: 'deactivate', what: '', sentAt: -300_000, ackedAt: -299_900 };
  for (const marker of alsoOut) history.note({ ...long, people: [{ marker, before: [lost], after: [] }] });
  if (isOut) history.note({ operation: 'deactivate', what: '', sentAt: 9_000, ackedAt: 9_100, people });
  const disturbances = frozen ? [{ kind: 'freeze' as const, from: 0, to: 10_000 }] : [];
  const evidence = {
    calls: recorded,
    history,
    owners: new Map([
      ['r1', 'P1'],
      ['r2', 'P2'],
    ]),
    disturbances,
    stalls,
  };
  return checkOrder(evidence, history.outs(), 1).violations.map(({ what }) => what);
}

it('sees access that is given again to somebody who is out', () => {
  const again = calls({ kind: 'disable', id: 'r1' }, look, { kind: 'enable', id: 'r1' });
  expect(judged(again, true)).toEqual([expect.stringContaining('enable')]);
  expect(judged(again, false)).toEqual([]);
  expect(judged(calls({ kind: 'enable', id: 'r1' }, look, { kind: 'disable', id: 'r1' }), true)).toEqual([]);
  // Somebody else's pass, as when a record is changed that is disabled already.
  const [before] = calls({ kind: 'disable', id: 'r1', at: 5_000 }) as [RecordedCall];
  const changed = again.map((call) => ({ ...call, begun: call.begun + 2, ended: call.ended + 2 }));
  expect(judged([before, ...changed], true)).toEqual([]);
  expect(judged([{ ...before, status: 500 }, ...changed], true)).toHaveLength(1);
});

it('sees that something is given before something is taken in one pass', () => {
  const assign: Sketch = { kind: 'assign', id: 'r1', grant: '1' };
  const unassign: Sketch = { kind: 'unassign', id: 'r1', grant: '2' };
  expect(judged(calls(listing, assign, unassign))).toEqual([expect.stringContaining('unassign 2 after the assign')]);
  expect(judged(calls(listing, unassign, assign))).toEqual([]);
  expect(judged(calls(listing, assign, listing, unassign))).toEqual([]);
  expect(judged(calls(listing, assign, { ...listing, status: 500 }, unassign))).toHaveLength(1);
});

it('sees two who work on a record at once, and no second one in a call that was given up', () => {
  const change: Sketch = { kind: 'change', id: 'r1' };
  const [first, second] = calls(change, change) as [RecordedCall, RecordedCall];
  const beside = { ...first, ended: 3, endedAt: second.at + 5 };
  expect(judged([beside, { ...second, ended: 4 }])).toEqual([expect.stringContaining('under way')]);
  // The first was given up long ago, and neither that nor its coming was noticed in time.
  const stall = (from: number, to: number) =>
    judged([beside, { ...second, ended: 4 }], false, { stalls: [{ from, to }] });
  expect(stall(first.at - 400, first.at - 10)).toEqual([]);
  expect(stall(first.at - 800, first.at - 400)).toHaveLength(1);
  expect(stall(second.at + 10, second.at + 400)).toHaveLength(1);
  const givenUp = { ...beside, status: null };
  expect(judged([givenUp, { ...second, ended: 4 }])).toEqual([]);
});

it('sees a create without a look, and one that is repeated blindly', () => {
  const found: Sketch = { kind: 'look', key: 'p1@x.test' };
  expect(judged(calls({ kind: 'look', key: 'other@x.test' }, create))).toEqual([expect.stringContaining('looked')]);
  expect(judged(calls(found, create))).toEqual([]);
  const unclear: Sketch = { ...create, status: null };
  expect(judged(calls(found, unclear, found, create))).toEqual([expect.stringContaining('may still take effect')]);
  expect(judged(calls(found, unclear, { ...found, at: 15_000 }, create))).toEqual([]);
  expect(judged(calls(found, unclear, { ...create, at: 15_000 }))).toEqual([expect.stringContaining('looked')]);
  const gone = { kind: 'delete', id: 'r0' } as const;
  expect(judged(calls(found, unclear, found, gone, found, create)), 'found and deleted meanwhile').toEqual([]);
  for (const other of [
    { ...gone, status: 404 },
    { ...gone, id: 'r2' },
  ]) {
    expect(judged(calls(found, unclear, found, other, found, create))).toEqual([expect.stringContaining('may still')]);
  }
});

it('sees a removal that waits for what was only due', () => {
  const others = Array.from(
    { length: 60 },
    (_, index): Sketch => ({ kind: 'change', id: `o${index}`, marker: `O${index}` }),
  );
  const late = calls({ ...look, at: 10_050, id: 'o0', marker: 'O0' }, ...others, { kind: 'disable', id: 'r1' });
  expect(judged(late, true)).toEqual([expect.stringContaining('taken away after work on')]);
  expect(judged(calls({ kind: 'disable', id: 'r1' }, ...others), true)).toEqual([]);
  const markers = others.map(({ marker }) => String(marker));
  expect(judged(late, true, { alsoOut: markers })).toEqual([]);
  // In another system: here a look has to tell what they have.
  expect(judged(late, true, { alsoOut: markers, lost: accessKey('door') })).toEqual([]);
  // What was asked for them was begun with long ago, so this is something else.
  const long = markers.map(
    (marker, index): Sketch => ({ kind: 'disable', id: `o${index}`, marker, at: -200_000 + index }),
  );
  expect(judged([...calls(...long), ...late], true, { alsoOut: markers })).toHaveLength(1);
  const again = (grant: string) => long.map((call): Sketch => ({ ...call, kind: 'unassign', grant }));
  const done = (marker: string): Sketch => ({ kind: 'unassign', id: marker, marker, grant: '7', at: 20_000 });
  const lately = [...late, ...calls(...markers.map(done))];
  const seven = grantKey('dashboard', '7');
  expect(
    judged([...calls(...again('8')), ...lately], true, { alsoOut: markers, lost: seven }),
    'that was another',
  ).toEqual([]);
  expect(judged([...calls(...again('7')), ...lately], true, { alsoOut: markers, lost: seven })).toHaveLength(1);
});

it('lets a process that was frozen send what it had begun', () => {
  const again = calls({ kind: 'disable', id: 'r1' }, look, { kind: 'enable', id: 'r1' });
  expect(judged(again, true, { frozen: true })).toEqual([]);
});
