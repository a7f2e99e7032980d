/** Connectors and sandbox as processes of their own: started, killed, frozen, woken, their clocks set. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'main.ts');
const CLOCK = path.join(import.meta.dirname, 'jumping-clock.ts');
/** However busy the machine is. */
const READY_MS = 180_000;

export interface LinkspanProcess {
  url: string;
  state: 'starting' | 'up' | 'frozen' | 'dead';
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  freeze(): void;
  wake(): void;
  /** Its wall clock is so far ahead of the machine's from now on. */
  setClock(offsetMs: number): void;
}

export interface Spawning {
  args: readonly string[];
  env: Record<string, string>;
  url: string;
  /** Path that answers 200 once it is ready. */
  readyAt: string;
  /** Told when it ends although nobody killed it, with what it printed last. */
  onCrash: (output: string) => void;
}

/** @throws with what it printed, if it ends or is not ready in time. */
export async function startLinkspanProcess(spawning: Spawning): Promise<LinkspanProcess> {
  const child = spawn(process.execPath, ['--import', CLOCK, MAIN, ...spawning.args], {
    env: { PATH: process.env.PATH, ...spawning.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-4_000);
    });
  }
  const ended = once(child, 'exit');
  const started = wrap(child, spawning.url, ended);
  ended.then(() => {
    process.off('exit', endWithUs);
    if (started.state !== 'dead') spawning.onCrash(output);
    started.state = 'dead';
  });
  const until = Date.now() + READY_MS;
  while (!(await isReady(`${spawning.url}${spawning.readyAt}`))) {
    if (started.state === 'dead') throw new Error(`linkspan ${spawning.args.join(' ')} ended: ${output}`);
    if (Date.now() > until) throw new Error(`linkspan ${spawning.args.join(' ')} is not ready: ${output}`);
    await sleep(30);
  }
  started.state = 'up';
  return started;
}

function wrap(child: ChildProcess, url: string, ended: Promise<unknown>): LinkspanProcess {
  return {
    url,
    state: 'starting',
    async kill() {
      this.state = 'dead';
      child.kill('SIGKILL');
      await ended;
    },
    freeze() {
      this.state = 'frozen';
      child.kill('SIGSTOP');
    },
    wake() {
      child.kill('SIGCONT');
      this.state = 'up';
    },
    setClock(offsetMs) {
      if (child.connected) child.send({ offsetMs });
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => null);
  await response?.body?.cancel();
  return response?.ok === true;
}

/** Runs a command to its end. @returns what it printed. */
export async function runLinkspan(args: readonly string[], env: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env.PATH, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await once(child, 'close');
  return output;
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
