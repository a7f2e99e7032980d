import { describe, expect, it, vi } from 'vitest';
import { pauseByAdmin } from '../../src/sync/admin/targets.ts';
import type { Kind } from '../stores.ts';
import { served } from './served.ts';

/** Each command is a process that has to start. */
vi.setConfig({ testTimeout: 180_000 });

describe.each<Kind>(['sqlite', 'postgres'])('linkspan sync (%s)', (kind) => {
  it('has one user made true now, who may have no account yet and wait for a retry, and everybody of a target', async () => {
    const { app, scim, settled, sandbox, run } = await served(kind);
    await scim('POST', '/Users', { userName: 'jane' });
    const { id } = (await scim('POST', '/Users', { userName: 'joe' })).body;
    await settled();
    // As after a restore of an older database: nothing is known of joe, and jane waits for long.
    await app.store.write(async (trx) => {
      await trx.deleteFrom('remote_links').where('user_id', '=', id).execute();
      await trx.deleteFrom('accounts').where('user_id', '=', id).execute();
    });
    const joe = JSON.parse((await run('sync', 'acme', '--user', 'joe', '--json')).stdout);
    expect(joe).toMatchObject({
      settled: true,
      targets: [{ target: 'dashboard', state: 'settled' }, { state: 'none' }],
    });

    const later = Date.now() + 3_600_000;
    await app.store.write((trx) =>
      trx.updateTable('accounts').set({ due_at: later, outcome: 'retry' }).where('user_id', '!=', id).execute(),
    );
    const jane = await run('sync', 'acme', '--user', 'jane', '--target', 'dashboard');
    expect(jane).toMatchObject({ code: 0, stdout: expect.stringMatching(/^dashboard {2}settled\n {2}last +done /) });

    await sandbox.faults({ kinds: ['500'], rate: 1 });
    const broken = await run('sync', 'acme', '--user', 'jane', '--wait', '1');
    expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('500') });
    await sandbox.faults({ rate: 0 });

    const all = await run('sync', 'acme', '--target', 'dashboard');
    expect(all).toMatchObject({ code: 0, stdout: expect.stringMatching(/^dashboard {2}settled\n {2}settled +2\n/) });
    await pauseByAdmin(app, 'acme', 'dashboard', 'holidays');
    const paused = await run('sync', 'acme', '--user', 'jane', '--target', 'dashboard');
    expect(paused).toMatchObject({ code: 1, stdout: expect.stringContaining('paused: holidays') });
    expect((await run('sync', 'acme')).stderr).toMatch(/Say whom: --user <user>, or --target <name>/);
  });
});

describe('linkspan sync', () => {
  it('says plainly that no server runs, and keeps the wish for the next one', async () => {
    const { scim, settled, close, run } = await served();
    await scim('POST', '/Users', { userName: 'jane' });
    await settled();
    await close();
    for (const whom of [
      ['--user', 'jane'],
      ['--target', 'dashboard'],
    ]) {
      const { code, stdout } = await run('sync', 'acme', ...whom);
      expect(code).toBe(1);
      expect(stdout).toContain(
        'No server is running (linkspan serve). The wish is kept: the next one to start makes it so.',
      );
    }
  });
});
