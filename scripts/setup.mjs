// Installs what is missing, so that `npm start` and `npm test` work in a fresh clone. It runs on the machine's own
// Node.js (20 or later) before any dependency exists, so it is plain JavaScript without imports of ours.
// With --omit=dev it is content with what the product itself needs, which takes half as long.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.package-lock.json';
const onlyToRun = process.argv.includes('--omit=dev');

/** npm writes its hidden lock file last, so a missing or older one means: not installed, or interrupted. */
const upToDate = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
const complete = onlyToRun || existsSync('node_modules/vitest');

if (!upToDate || !complete) {
  process.stderr.write('Installing what Linkspan needs (once, from the npm registry) ...\n');
  const options = ['--loglevel=error', '--no-fund', '--no-audit', '--prefer-offline'];
  if (onlyToRun && !existsSync('node_modules/vitest')) options.push('--omit=dev');
  const { status } = spawnSync('npm', ['ci', ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write('npm ci failed, see above. Is the npm registry within reach?\n');
    process.exit(1);
  }
}
