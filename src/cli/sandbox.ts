/** `linkspan sandbox`: stand-ins for the downstream systems, as a process of their own. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { listen, type RunningServer } from '../app.ts';
import { type Config, readConfig } from '../config.ts';
import { targetTypes } from '../targets/registry.ts';
import { createSandboxes, type Sandboxes } from '../targets/sandbox-host.ts';
import { type Served, sandboxTable } from './sandbox-table.ts';
import { bold, print, table, untilStopped } from './terminal.ts';

export const sandbox = () =>
  new Command('sandbox').description('run stand-ins for the downstream systems').action(async () => {
    const config = readConfig(process.env);
    const stopped = untilStopped();
    const running = await startSandboxes(config);
    print(`${bold('Sandboxes')} at ${running.url}\n`);
    print(`${await servedBy(running)}\n`);
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

async function servedBy({ url, endpoints }: RunningSandboxes): Promise<string> {
  const get = async <T>(name: string) => (await (await fetch(`${url}/sandbox/${name}`)).json()) as T;
  const credentials = await get<Served['credentials']>('credentials');
  return sandboxTable({ url, endpoints, credentials, state: await get<Served['state']>('state') });
}

export interface RunningSandboxes extends RunningServer {
  endpoints: Sandboxes['endpoints'];
}

/** Their state lives in the data directory. */
export async function startSandboxes(config: Config): Promise<RunningSandboxes> {
  await mkdir(config.dataDir, { recursive: true });
  const sandboxes = createSandboxes(targetTypes, {
    stateFile: path.join(config.dataDir, 'sandbox.sqlite'),
    clock: () => new Date(),
  });
  try {
    const server = await listen(sandboxes.app.fetch, { host: config.host, port: config.sandboxPort });
    return {
      ...server,
      endpoints: sandboxes.endpoints,
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
