/** Plans a draft, with a bar while it lasts, and compares it with the limits that it would meet. */
import type { App } from '../app.ts';
import type { Draft } from '../sync/planning/draft.ts';
import { overLimits } from '../sync/planning/over-limits.ts';
import { type PlanningOptions, plan } from '../sync/planning/planning.ts';
import type { Shown } from './plan-text.ts';
import { progressBar } from './progress.ts';

export async function planWithLimits(app: App, draft: Draft, options: PlanningOptions): Promise<Shown> {
  const bar = progressBar();
  try {
    const planned = await plan(app.store, draft, {
      ...options,
      onProgress: (done, total) => bar.show('planning', done, total),
    });
    return { ...planned, heldBack: await overLimits(app.store, draft, planned, draft.after.rules) };
  } finally {
    bar.clear();
  }
}
