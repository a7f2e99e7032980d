/** How far long work has come: a line, or a bar, on a terminal; nothing where nobody looks on. */
import { width } from './terminal.ts';

export interface Progress {
  show(text: string): void;
  clear(): void;
}

/** Not more often than this, however often it is told. */
const EVERY_MS = 100;

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let shownAt = Number.NEGATIVE_INFINITY;
  if (!stream.isTTY) return { show() {}, clear() {} };
  return {
    show(text) {
      if (performance.now() - shownAt < EVERY_MS) return;
      shownAt = performance.now();
      const room = (stream.columns || 80) - 1;
      stream.write(`\r\u001b[K${width(text) > room ? `${[...text].slice(0, room - 1).join('')}…` : text}`);
    },
    clear() {
      stream.write('\r\u001b[K');
    },
  };
}

export interface ProgressBar {
  /** @param total null: not known yet. */
  show(label: string, done: number, total: number | null): void;
  clear(): void;
}

const CELLS = 24;

export function progressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const line = createProgress(stream);
  return {
    show: (label, done, total) => line.show(barText(label, done, total)),
    clear: line.clear,
  };
}

export function barText(label: string, done: number, total: number | null): string {
  const number = (value: number) => value.toLocaleString('en');
  if (total === null) return `${label}  ${number(done)}`;
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.floor(share * CELLS);
  const bar = `${'█'.repeat(full)}${'░'.repeat(CELLS - full)}`;
  return `${label}  ${bar} ${Math.floor(share * 100)} %  ${number(done)} of ${number(total)}`;
}
