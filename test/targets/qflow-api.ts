/** Calls the Qflow sandboxes as a bare client would, without any code of the targets. */
import type { SandboxServer } from './sandbox-server.ts';

export interface Reply {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else the text. */
  body: unknown;
}

export type Api = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

/** @returns calls below `root` with a valid token and key. A body that is text is sent as it is, else as JSON. */
export async function qflowApi(sandbox: SandboxServer, root: string): Promise<Api> {
  const { subscriptionKey = '', ...account } = await sandbox.credentials();
  const { body } = await logIn(sandbox, {
    grant_type: 'password',
    username: account.username,
    password: account.password,
  });
  const authorization = `Bearer ${(body as { access_token: string }).access_token}`;
  return async (method, path, body, headers = {}) => {
    const all = { authorization, 'ocp-apim-subscription-key': subscriptionKey, ...headers };
    const init = {
      method,
      headers: all,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    return reply(await fetch(`${sandbox.url}${root}${path}`, init));
  };
}

/** Asks the token endpoint; the client's own credentials are right unless `form` says otherwise. */
export async function logIn(sandbox: SandboxServer, form: Record<string, string | undefined>): Promise<Reply> {
  const { tokenUrl = '', clientId = '', clientSecret = '' } = await sandbox.credentials();
  const all = { client_id: clientId, client_secret: clientSecret, ...form };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return reply(await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(given) }));
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}
