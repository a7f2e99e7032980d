import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished, vi } from 'vitest';
import { targetTypes } from '../../src/targets/registry.ts';
import { createSandboxes } from '../../src/targets/sandbox-host.ts';
import type { SandboxCall } from '../linkspan.ts';
import { freePort, startProcess } from '../process.ts';

/** A command, and a curl for each call. */
vi.setConfig({ testTimeout: 120_000 });

it('linkspan sandbox prints a curl for every call that it serves, which runs as it is printed', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'linkspan-sandbox-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { LINKSPAN_DATA_DIR: directory, LINKSPAN_SANDBOX_PORT: String(port), NO_COLOR: '1' };
  const sandbox = startProcess(['sandbox'], env);
  await vi.waitUntil(() => sandbox.output().includes('start anew'), { timeout: 60_000 });
  const printed = sandbox.output();
  for (const line of printed.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100);

  const script = printed
    .slice(printed.indexOf('SANDBOX='), printed.indexOf('what they hold'))
    .replace(/^\w+ +\d+ calls$/gm, '');
  const quiet = script.replaceAll(/^ {2}curl /gm, `  curl -s -m 2 -o ${directory}/answer `);
  expect((await promisify(execFile)('sh', ['-c', `${quiet}\ntrue`])).stderr).toBe('');
  const calls = (await (await fetch(`${url}/sandbox/calls`)).json()) as SandboxCall[];
  expect(calls.filter(({ template }) => template === null)).toEqual([]);
  expect(calls.filter(({ status }) => status === 401 || status === 403)).toEqual([]);
  const log = calls.map(({ method, template }) => `${method} ${template}`);
  const known = createSandboxes(targetTypes, { clock: () => new Date() });
  onTestFinished(() => known.close());
  const served = known.endpoints.map(({ method, template }) => `${method} ${template}`);
  expect(served.length).toBeGreaterThan(50);
  // A call is logged when it is answered, and this one never is (as in FlowMate's source).
  const missing = served.filter((call) => !log.includes(call));
  expect(missing).toEqual(['DELETE /flowmate/api/tenants/{id}/user/{userId}']);
  expect(log.filter((call) => !served.includes(call))).toEqual([]);
});
