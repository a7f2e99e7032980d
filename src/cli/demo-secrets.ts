/** The demo's generated secrets: made once, readable by the owner only, so that a second start finds the data again. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config.ts';

export interface DemoSecrets {
  /** 32 bytes, base64. */
  secretKey: string;
  token: string;
}

const fileIn = (dataDir: string) => path.join(dataDir, 'demo-secrets.json');

/** @returns null where no demo has run in this data directory. */
export async function readDemoSecrets({ dataDir }: Pick<Config, 'dataDir'>): Promise<DemoSecrets | null> {
  try {
    return JSON.parse(await readFile(fileIn(dataDir), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

export async function makeDemoSecrets({ dataDir }: Pick<Config, 'dataDir'>): Promise<DemoSecrets> {
  await mkdir(dataDir, { recursive: true });
  const secrets = {
    secretKey: randomBytes(32).toString('base64'),
    token: `demo_${randomBytes(24).toString('base64url')}`,
  };
  await writeFile(fileIn(dataDir), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return secrets;
}
