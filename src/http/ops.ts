/** For whoever operates the process: alive, ready, figures. No tenant's data beyond its name. */
import { Hono } from 'hono';
import type { Metrics } from './metrics.ts';

/** @param ready throws where requests could not be served now. */
export function opsRoutes(metrics: Metrics, ready: () => Promise<void>): Hono {
  const app = new Hono();
  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/readyz', async (c) => {
    try {
      await ready();
      return c.json({ status: 'ready' });
    } catch {
      return c.json({ status: 'not ready', reason: 'the database cannot be reached' }, 503);
    }
  });
  app.get('/metrics', async (c) => {
    c.header('Content-Type', metrics.contentType);
    return c.body(await metrics.render());
  });
  return app;
}
