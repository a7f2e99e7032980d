/**
 * How long a change takes from the SCIM 201 to the record in an idle system: `npm run bench -- [n]`.
 * It starts `linkspan demo` on free ports with data of its own, creates users one at a time and reads, from the sandbox's
 * call log, when each create was answered. The floor beside it is one bare HTTP call to the same sandbox, because no
 * connector can be faster than the calls that it has to make.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const USERS = Number(process.argv[2] ?? 100);
const PORT = 18_484;
const SANDBOX_PORT = 18_485;
const BASE = `http://127.0.0.1:${PORT}`;
const SANDBOX = `http://127.0.0.1:${SANDBOX_PORT}`;

interface Call {
  time: string;
  method: string;
  template: string | null;
}

const dataDir = await mkdtemp(path.join(tmpdir(), 'linkspan-bench-'));
const demo = spawn(process.execPath, [path.join(import.meta.dirname, '../src/main.ts'), 'demo'], {
  env: {
    PATH: process.env.PATH,
    LINKSPAN_DATA_DIR: dataDir,
    LINKSPAN_PORT: String(PORT),
    LINKSPAN_SANDBOX_PORT: String(SANDBOX_PORT),
    LINKSPAN_LOG_LEVEL: 'warn',
  },
  stdio: 'ignore',
});
try {
  const token = await ready();
  await create(token, 'warm-up');
  await sleep(500);

  const delays: number[] = [];
  for (let n = 0; n < USERS; n++) {
    const accepted = await create(token, `user${n}`);
    const arrived = await arrival(n + 2);
    delays.push(arrived - accepted);
    await sleep(20);
  }
  report('201 to record', delays);
  report('one bare call', await bareCalls());
} finally {
  demo.kill('SIGINT');
  await new Promise((resolve) => demo.once('exit', resolve));
  await rm(dataDir, { recursive: true, force: true });
}

async function ready(): Promise<string> {
  for (;;) {
    const up = await fetch(`${BASE}/readyz`).catch(() => null);
    if (up?.ok) {
      const { token } = JSON.parse(await readFile(path.join(dataDir, 'demo-secrets.json'), 'utf8'));
      const asked = await fetch(`${BASE}/tenants/demo/scim/v2/Users?count=0`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (asked.ok) return token;
    }
    await sleep(50);
  }
}

/** @returns when the 201 was here, in ms since 1970. */
async function create(token: string, userName: string): Promise<number> {
  const answer = await fetch(`${BASE}/tenants/demo/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({ userName, name: { givenName: 'A', familyName: 'B' } }),
  });
  const at = performance.timeOrigin + performance.now();
  await answer.arrayBuffer();
  if (answer.status !== 201) throw new Error(`create answered ${answer.status}`);
  return at;
}

/** Waits for the nth create in the sandbox. @returns when it was called. */
async function arrival(nth: number): Promise<number> {
  for (;;) {
    const calls = (await (await fetch(`${SANDBOX}/sandbox/calls`)).json()) as Call[];
    const creates = calls.filter((call) => call.method === 'POST' && call.template === '/users/v1/api/user');
    const call = creates[nth - 1];
    if (call) return Date.parse(call.time);
    await sleep(2);
  }
}

async function bareCalls(): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < USERS; n++) {
    const begun = performance.now();
    await (await fetch(`${SANDBOX}/users/v1/api/users/total`)).arrayBuffer();
    times.push(performance.now() - begun);
  }
  return times;
}

function report(what: string, values: number[]): void {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
  process.stdout.write(`${what}: median ${at(0.5)} ms, p95 ${at(0.95)} ms, of ${values.length}\n`);
}
