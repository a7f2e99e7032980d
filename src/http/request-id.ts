/**
 * Every answer of a tenant, errors included, names its request in `X-Request-Id`: whoever has the answer can ask what came
 * of it (`linkspan why`). What a client sends under that name is not taken over: ids must be ours to be found again.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';

export type RequestIdEnv = { Variables: { requestId: string } };

export const requestId: MiddlewareHandler<RequestIdEnv> = async (c, next) => {
  c.set('requestId', randomUUIDv7());
  c.header('X-Request-Id', c.var.requestId);
  await next();
};
