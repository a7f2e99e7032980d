#!/usr/bin/env node
/** The entry point. What was compiled once is kept, so that a command starts in half the time. */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { run } = await import('./cli/program.ts');
await run(process.argv);
