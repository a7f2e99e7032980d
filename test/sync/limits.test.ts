import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createIo } from '../../src/sync/lanes/calls.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { createLimits, type LimitGroup } from '../../src/sync/lanes/limits.ts';
import { Pace } from '../../src/sync/lanes/pace.ts';

/** In which order calls were begun, and when. */
function log() {
  const begun: { name: string; at: number }[] = [];
  const calls = (group: LimitGroup, name: string, count: number, urgent = false) =>
    Array.from({ length: count }, () =>
      group.run(urgent, async () => void begun.push({ name, at: performance.now() })),
    );
  return { begun, calls, order: () => begun.map(({ name }) => name).join('') };
}

describe('a limit group', () => {
  it('shares one rate among the targets of all tenants', async () => {
    const limits = createLimits();
    const { begun, calls } = log();
    const started = performance.now();
    await Promise.all([
      ...calls(limits.group('qflow', 100, 'a'), 'a', 10),
      ...calls(limits.group('qflow', 100, 'b'), 'b', 10),
    ]);
    expect((begun.at(-1)?.at ?? 0) - started).toBeGreaterThanOrEqual(19 * 10 - 1);
  });

  it('keeps to the lowest rate that one of its targets names, for as long as that target is there', async () => {
    const limits = createLimits();
    const { begun, calls } = log();
    const fast = limits.group('qflow', 0, 'fast');
    limits.group('qflow', 50, 'slow');
    limits.group('qflow', 500, 'middling');
    const started = performance.now();
    await Promise.all(calls(fast, 'f', 5));
    expect((begun.at(-1)?.at ?? 0) - started).toBeGreaterThanOrEqual(4 * 20 - 1);

    limits.keep(new Set(['fast']));
    // One gap is still running: after it no call waits for a timer.
    await Promise.all(calls(fast, 'f', 1));
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await Promise.all(calls(fast, 'f', 100));
    clearInterval(timer);
    expect(turns).toBeLessThanOrEqual(1);
  });

  it('does not let one target wait for another with many calls', async () => {
    const limits = createLimits();
    const { calls, order } = log();
    const [importer, other] = [limits.group('qflow', 500, 'importer'), limits.group('qflow', 500, 'other')];
    await Promise.all([...calls(importer, 'i', 30), ...calls(other, 'o', 3)]);
    expect(order().slice(0, 8)).toMatch(/^i.*o.*o.*o/);
  });

  it('serves what is urgent before what is not, and starves nobody for it', async () => {
    const limits = createLimits();
    const { calls, order } = log();
    const groups = ['a', 'b', 'c', 'd'].map((id) => limits.group('qflow', 500, id));
    const [a, b, c, d] = groups as [LimitGroup, LimitGroup, LimitGroup, LimitGroup];
    await Promise.all([
      ...calls(a, 'a', 20),
      ...calls(b, 'b', 20),
      ...calls(c, 'U', 10, true),
      ...calls(d, 'd', 1),
      ...calls(a, 'A', 1, true),
    ]);
    // Every other call is urgent; the ordinary one that came last has its turn among the first.
    expect(order().indexOf('A')).toBeLessThan(6);
    expect(order().indexOf('d')).toBeLessThan(12);
    expect(order().slice(0, 12)).toMatch(/(.*U){4}/);
  });

  it('lets whoever waits through when the process stops', async () => {
    const limits = createLimits();
    const group = limits.group('qflow', 0, 'a');
    group.hold(3_600_000);
    const waiting = group.run(false, async () => 'told');
    limits.release();
    expect(await waiting).toBe('told');
  });

  it('loses no call when a target is opened anew', async () => {
    const limits = createLimits();
    const before = limits.group('qflow', 0, 'a');
    before.hold(50);
    const waiting = before.run(false, async () => 'made');
    limits.group('qflow', 0, 'a');
    limits.keep(new Set());
    expect(await waiting).toBe('made');
  });
});

describe.each([
  ['seconds', () => ({ header: '2', from: Date.now() + 1_990 })],
  [
    'a date',
    () => {
      const date = new Date(Math.ceil((Date.now() + 1_000) / 1_000) * 1_000);
      return { header: date.toUTCString(), from: date.getTime() };
    },
  ],
])('Retry-After in %s', (_, after) => {
  it('stops all calls of the group, whoever makes them, until then', async () => {
    const seen: number[] = [];
    let answer: { header: string; from: number } | null = null;
    const server = createServer((_, response) => {
      seen.push(Date.now());
      if (answer === null) {
        answer = after();
        response.writeHead(429, { 'retry-after': answer.header }).end();
      } else response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const limits = createLimits();
    const io = (tenant: string) => {
      const limit = limits.group('qflow', 0, tenant);
      const lane = { tenant, targetId: tenant, pace: Pace.parse({}), limit, onCall() {} } as unknown as Lane;
      return createIo(lane, { userId: null, activityId: null, urgent: true, outlives: () => true });
    };
    const [acme, globex] = [io('acme'), io('globex')];
    expect((await acme.fetch(url)).status).toBe(429);
    const answers = await Promise.all([globex.fetch(url), acme.fetch(url), globex.fetch(url)]);
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
    const from = (answer as { from: number } | null)?.from ?? Number.NaN;
    for (const at of seen.slice(1)) expect(at).toBeGreaterThanOrEqual(from);
  });
});
