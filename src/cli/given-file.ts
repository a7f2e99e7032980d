/** Reads a file that an administrator names; "-" is standard input. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { AdminError } from '../tenancy/tenants.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EISDIR: 'is a directory',
  ENOTDIR: 'is not there: a part of the path is a file',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
};

/** @throws AdminError in plain words where it cannot be read. */
export async function readGiven(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new AdminError(`The file ${file} ${REASONS[code] ?? `cannot be read: ${message}`}.`);
  }
}

/** What messages call it. */
export const nameOfGiven = (file: string): string => (file === '-' ? 'Standard input' : file);
