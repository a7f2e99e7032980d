/** Calls the FlowMate sandbox as a bare client would, without any code of the target. */
import type { SandboxServer } from './sandbox-server.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else the text. */
  body: unknown;
}

export type FlowmateApi = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Reply>;

/** @returns calls below `/flowmate`, with `token` where one is given. A body is sent as JSON. */
export function flowmateApi(sandbox: SandboxServer, token?: string): FlowmateApi {
  return async (method, path, body, headers = {}) => {
    const all = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    const init = { method, headers: all, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${sandbox.url}/flowmate${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
}

/** A fresh token of the API account, or of whom `account` names. */
export async function logIn(sandbox: SandboxServer, account?: { username: string; password: string }): Promise<string> {
  const { username, password } = account ?? (await sandbox.credentials('flowmate'));
  const { status, body } = await flowmateApi(sandbox)('POST', '/login', { username, password });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return (body as { token: string }).token;
}
