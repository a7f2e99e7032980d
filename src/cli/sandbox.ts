/** `linkspan sandbox`: stand-ins for the downstream systems, as a process of their own. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { listen, type RunningServer } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { targetTypes } from '../targets/registry.ts';
import { createSandboxes } from '../targets/sandbox-host.ts';
import { bold, print, table, untilStopped } from './terminal.ts';

export const sandbox = () =>
  new Command('sandbox').description('run stand-ins for the downstream systems').action(async () => {
    const config = readConfig(process.env);
    const stopped = untilStopped();
    const running = await startSandboxes(config);
    print(`${bold('Sandboxes')} at ${running.url}\n`);
    print(
      table(
        ['', ''],
        [
          ['what they hold', `curl ${running.url}/sandbox/state`],
          ['what was called', `curl ${running.url}/sandbox/calls`],
          ['what a client needs', `curl ${running.url}/sandbox/credentials`],
          ['start anew', `curl -X POST ${running.url}/sandbox/reset`],
        ],
      ),
    );
    await stopped;
    await running.close();
  });

/** Their state lives in the data directory. */
export async function startSandboxes(config: Config): Promise<RunningServer> {
  await mkdir(config.dataDir, { recursive: true });
  const sandboxes = createSandboxes(targetTypes, {
    stateFile: path.join(config.dataDir, 'sandbox.sqlite'),
    clock: () => new Date(),
  });
  try {
    const server = await listen(sandboxes.app.fetch, { host: config.host, port: config.sandboxPort });
    return {
      ...server,
      async close() {
        await server.close();
        sandboxes.close();
      },
    };
  } catch (error) {
    sandboxes.close();
    throw error;
  }
}
