/** Starts the load process, tells it which connectors are up, and hears what it has done. */
import { fork } from 'node:child_process';
import path from 'node:path';
import type { Change } from './history.ts';
import type { IdpCounts } from './idp.ts';
import type { FromLoad, LoadBegin, ToLoad } from './load-process.ts';
import type { World } from './model.ts';

export interface Load {
  /** Resolves when the next change is on its way to a connector. */
  nextChange(): Promise<void>;
  /** SCIM base URLs of the connectors that answer. */
  use(bases: string[]): void;
  /** What is under way is finished. */
  stop(): Promise<{ worlds: World[]; counts: IdpCounts }>;
  kill(): void;
}

const PROGRAM = path.join(import.meta.dirname, 'load-process.ts');

export function startLoad(
  begin: LoadBegin,
  bases: string[],
  onChange: (change: Change) => void,
  onFailure: (what: string) => void,
): Load {
  // Sets, and who is the same as whom, survive this form of message.
  const child = fork(PROGRAM, { execArgv: [], serialization: 'advanced' });
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  let waiting: (() => void)[] = [];
  const tell = (message: ToLoad) => child.connected && child.send(message);
  const done = new Promise<{ worlds: World[]; counts: IdpCounts }>((resolve, reject) => {
    child.on('message', (message: FromLoad) => {
      if (message === 'sending') for (const go of waiting.splice(0)) go();
      else if ('change' in message) onChange(message.change);
      else if ('failed' in message) onFailure(message.failed);
      else resolve(message.done);
    });
    child.on('exit', (code, signal) => reject(new Error(`the load process ended (${code ?? signal})`)));
  });
  // Whoever waits for it hears of it.
  done.catch(() => {});
  tell({ bases });
  tell({ begin });
  return {
    nextChange: () => new Promise((resolve) => waiting.push(resolve)),
    use: (now) => tell({ bases: now }),
    async stop() {
      tell('stop');
      const result = await done;
      this.kill();
      return result;
    },
    kill() {
      waiting = [];
      process.off('exit', endWithUs);
      child.kill('SIGKILL');
    },
  };
}
