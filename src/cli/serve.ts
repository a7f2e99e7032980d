/** `linkspan serve`: SCIM in, changes carried on, until stopped. */
import { Command } from 'commander';
import { startServer } from '../app.ts';
import { readConfig } from '../config.ts';
import { createLog } from '../log.ts';
import { untilStopped } from './terminal.ts';

export const serve = () =>
  new Command('serve')
    .description('serve SCIM and carry changes on to the targets')
    .addHelpText('after', '\nSettings come from LINKSPAN_* environment variables; see the README.')
    .action(async () => {
      const config = readConfig(process.env);
      const log = createLog(config);
      const stopped = untilStopped();
      const server = await startServer(config, log);
      log.info({ url: server.url }, 'ready');
      await stopped;
      log.info('stopping: finishing what is under way');
      await server.close();
    });
