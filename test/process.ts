/** Linkspan as a process of its own, for tests that kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { eventually } from './linkspan.ts';

const MAIN = path.join(import.meta.dirname, '..', 'src', 'main.ts');

export interface RunningProcess {
  child: ChildProcess;
  /** All that it printed so far. */
  output(): string;
  /** @returns the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

/** Starts `linkspan <args>`; it is killed at the end of the test at the latest. */
export function startProcess(args: readonly string[], env: Record<string, string>): RunningProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    output: () => output,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs a command to its end. */
export async function runCommand(args: readonly string[], env: Record<string, string>, input?: string) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input ?? '');
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout, stderr };
}

/** Waits until the server at `url` is ready. @throws with what it printed, if it ended instead. */
export async function ready(process: RunningProcess, url: string): Promise<void> {
  await eventually(`ready at ${url}`, async () => {
    if (process.child.exitCode !== null) throw new Error(`it ended: ${process.output()}`);
    const response = await fetch(`${url}/readyz`).catch(() => null);
    return response?.ok === true;
  });
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
