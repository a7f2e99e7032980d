/** Facts one below the other, each with a label before it, within the columns of the terminal. */
import { dim, width, wrapped } from './terminal.ts';

export type Fact = readonly [label: string, value: string];

/** What a label takes, with the space around it. */
export const INDENT = 15;

/** Lines of a value are kept; those that do not fit are broken, at spaces where that can be. */
export function factText([label, value]: Fact, columns: number): string {
  const room = Math.max(20, columns - INDENT);
  const lines = value.split('\n').flatMap((line) => (width(line) <= room ? [line] : wrapped(line, room)));
  // A label that is too long has a line of its own.
  const isLong = width(label) > INDENT - 3;
  const first = isLong ? dim(label) : `${dim(label)}${' '.repeat(INDENT - 2 - width(label))}${lines.shift() ?? ''}`;
  return [`  ${first}`.trimEnd(), ...lines.map((line) => `${' '.repeat(INDENT)}${line}`)].join('\n');
}

/** Where the output goes; a file is read on a screen of usual width. */
export function columnsOf(stream: NodeJS.WriteStream = process.stdout): number {
  return Math.max(40, stream.columns || 120);
}
