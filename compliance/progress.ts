/** One line on standard error that says how far a run is; nothing where nobody looks on. */
import type { Result } from './model.ts';

export interface Progress {
  show(done: number, total: number, last: Result): void;
  clear(): void;
}

/** Not more often than this. */
const EVERY_MS = 80;

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY) return { show() {}, clear() {} };
  let shownAt = Number.NEGATIVE_INFINITY;
  let failed = 0;
  return {
    show(done, total, last) {
      if (last.verdict === 'FAIL' && !last.waiver) failed++;
      if (performance.now() - shownAt < EVERY_MS && done < total) return;
      shownAt = performance.now();
      const full = Math.floor((done / total) * 24);
      const bar = `${'█'.repeat(full)}${'░'.repeat(24 - full)}`;
      const text = `${bar} ${done} of ${total}${failed > 0 ? `, ${failed} failed` : ''}  ${last.check}`;
      stream.write(`\r\u001b[K${text.slice(0, (stream.columns || 80) - 1)}`);
    },
    clear() {
      stream.write('\r\u001b[K');
    },
  };
}
