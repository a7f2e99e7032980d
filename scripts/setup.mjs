// Installs what is missing, so that `npm start` and `npm test` work in a fresh clone. It runs on the machine's own
// Node.js (20 or later) before any dependency exists, so it is plain JavaScript without imports of ours.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';

const lock = 'package-lock.json';
const installed = 'node_modules/.package-lock.json';

/** npm writes its hidden lock file last, so a missing or older one means: not installed, or interrupted. */
const upToDate = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;

if (!upToDate) {
  process.stderr.write('Installing what Linkspan needs (once, from the npm registry) ...\n');
  const { status } = spawnSync('npm', ['ci', '--loglevel=error', '--no-fund', '--no-audit'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    process.stderr.write('npm ci failed, see above. Is the npm registry within reach?\n');
    process.exit(1);
  }
}
