/** What a call is written down as, where that hangs on what was shown before. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { startRecorder } from './recorder.ts';
import { system } from './systems/qflow-enterprise.ts';

it('tells who is enabled from a change that carries the flag along', async () => {
  let shown = {};
  const server = createServer((_, response) => response.end(JSON.stringify(shown)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const recorder = await startRecorder(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, [system]);
  const call = (method: string, path: string, body?: object) =>
    fetch(`${recorder.url}/users/v1/api${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
  const look = async (customData: string) => {
    shown = { id: 'r1', customData };
    await call('GET', '/user/r1');
  };
  try {
    const open = { id: 'r1', customData: '' };
    await call('PUT', '/user', open);
    await look('[linkspan:disabled]');
    await call('PUT', '/user', open);
    await look('');
    await call('PUT', '/user', open);
    await call('PUT', '/user', { ...open, id: 'r2' });
    await call('PUT', '/user', { ...open, customData: '[linkspan:disabled]' });
  } finally {
    recorder.close();
    server.close();
  }
  const kinds = ['enable', 'look', 'enable', 'look', 'change', 'enable', 'disable'];
  expect(recorder.calls.map(({ kind }) => kind)).toEqual(kinds);
});
