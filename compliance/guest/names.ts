/** Names that show where they are from, and that two runs beside each other never share. */
import { randomBytes } from 'node:crypto';

export const MARK = 'linkspan-compliance';

export interface Names {
  /** Of this run, hexadecimal. */
  run: string;
  next(hint?: string): string;
}

export function createNames(run = randomBytes(4).toString('hex')): Names {
  let count = 0;
  return {
    run,
    next: (hint) => `${MARK}-${run}-${hint ? `${hint}-` : ''}${++count}`,
  };
}
