#!/usr/bin/env node
/** The entry point. What was compiled once is kept, so that a command starts in half the time. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { run } = await import('./cli/program.ts');
// Whoever reads the output may have seen enough: `linkspan target types | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
await run(process.argv);
