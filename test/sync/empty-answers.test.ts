import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startLinkspan, startSandbox } from '../linkspan.ts';

/** Stands before a sandbox: what changed something there is answered 204, without a body, as some receivers do. */
async function sayingNothing(to: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = 'GET', url = '/', headers } = request;
    const sent = ['authorization', 'content-type', 'ocp-apim-subscription-key'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as [string, string]] : [];
    });
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const answer = await fetch(`${to}${url}`, { method, headers: sent, ...body });
    const isWrite = method !== 'GET' && !url.includes('/connect/token');
    const content = Buffer.from(await answer.arrayBuffer());
    if (isWrite && answer.ok) return void response.writeHead(204).end();
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a receiver that answers 204 to everything is sent each change once', async () => {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  const url = await sayingNothing(sandbox.url);
  const { app, addTenant, settled } = await startLinkspan({ targets: [] });
  const credentials = async (system: string) => {
    const real = await sandbox.credentials(system);
    const moved = (address = '') => address.replace(sandbox.url, url);
    return { ...real, baseUrl: moved(real.baseUrl), tokenUrl: moved(real.tokenUrl) };
  };
  const globex = await addTenant('globex', { sandbox: { ...sandbox, credentials } });
  const { body: user } = await globex('POST', '/Users', { userName: 'jane@example.com', displayName: 'Jane' });
  const { body: group } = await globex('POST', '/Groups', {
    displayName: 'Event 1001',
    members: [{ value: user.id }],
  });
  await settled();
  await globex('PUT', `/Users/${user.id}`, { userName: 'jane@example.com', displayName: 'Jane D.' });
  await settled();
  await globex('DELETE', `/Groups/${group.id}`);
  await globex('DELETE', `/Users/${user.id}`);
  await settled();

  const writes = (await sandbox.calls()).filter(({ method, path }) => method !== 'GET' && !path.includes('token'));
  expect(writes.length).toBeGreaterThanOrEqual(5);
  const once = new Set(writes.map(({ method, path }) => `${method} ${path}`));
  expect(writes.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([...once].sort());
  const { qflow } = await sandbox.state();
  expect([qflow.users, qflow.teamMembers, qflow.assignments]).toEqual([[], [], []]);
  const accounts = await app.store.read.selectFrom('accounts').select(['outcome', 'due_at']).execute();
  for (const account of accounts) expect(account).toEqual({ outcome: 'done', due_at: null });
});
