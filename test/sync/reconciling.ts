/** What the tests of reconcile share: a product with people in it, and somebody who works in the target by hand. */

import type { App } from '../../src/app.ts';
import { requireTarget } from '../../src/sync/admin/targets.ts';
import type { Lane } from '../../src/sync/lanes/lanes.ts';
import { openLane } from '../../src/sync/lanes/lanes.ts';
import type { ReconcileOptions } from '../../src/sync/reconcile/reconcile.ts';
import { reconcile } from '../../src/sync/reconcile/reconcile.ts';
import { findRun, type Result, resultOf } from '../../src/sync/reconcile/results.ts';
import type { Observed } from '../../src/targets/target.ts';
import { type Sandbox, type StartOptions, startLinkspan } from '../linkspan.ts';

export async function withPeople(names: readonly string[], options: StartOptions = {}) {
  const linkspan = await startLinkspan(options);
  const { app, scim, sandbox, settled } = linkspan;
  const ids: Record<string, string> = {};
  for (const name of names) {
    const person = {
      userName: name,
      name: { givenName: 'First', familyName: 'Last' },
      emails: [{ value: `${name}@x.org` }],
    };
    ids[name] = (await scim('POST', '/Users', person)).body.id;
  }
  await settled();
  return {
    ...linkspan,
    ids,
    idOf: (name: string) => ids[name] ?? '',
    lane: (target: string) => laneOf(app, target),
    run: async (target: string, about: Partial<ReconcileOptions> = {}) => runNow(app, await laneOf(app, target), about),
    hand: byHandOf(sandbox),
    users: async () => (await sandbox.state()).qflow.users,
    user: async (name: string) => {
      const found = (await sandbox.state()).qflow.users.find(({ userName }) => userName === `DEMO/${name}`);
      if (!found) throw new Error(`no Qflow user ${name}`);
      return found;
    },
    member: async (name: string) => {
      const found = (await sandbox.state()).qflow.teamMembers.find(({ userName }) => userName === `DEMO/${name}`);
      if (!found) throw new Error(`no team member ${name}`);
      return found;
    },
    /** Calls since `mark` that may change something. */
    writes: async (mark: number) =>
      (await sandbox.calls())
        .filter(({ number, method, path }) => number > mark && method !== 'GET' && !path.includes('/token'))
        .map(({ method, path }) => `${method} ${path}`),
  };
}

export async function laneOf(app: App, target: string, tenant = 'acme'): Promise<Lane> {
  return openLane(await requireTarget(app.store, tenant, target), { ...app, onCall: () => {} });
}

/** @throws where it is not done. */
export async function runNow(app: App, lane: Lane, about: Partial<ReconcileOptions> = {}): Promise<Result> {
  const done = await reconcile(app.store, lane, { dryRun: true, ...about });
  if (done.kind !== 'run') throw new Error(`not run: ${done.kind}`);
  return result(app, lane);
}

/** Of the last run. */
export async function result(app: App, lane: Lane, id?: string): Promise<Result> {
  const run = await findRun(app.store, lane, id);
  if (!run) throw new Error('there is no run');
  return resultOf(app.store, run, 1_000);
}

/** As an administrator of the system, behind Linkspan's back. */
function byHandOf(sandbox: Sandbox) {
  return async (method: string, path: string, body?: unknown) => {
    const { tokenUrl = '', ...account } = await sandbox.credentials('qflow');
    const grant = {
      grant_type: 'password',
      client_id: account.clientId ?? '',
      client_secret: account.clientSecret ?? '',
      username: account.username ?? '',
      password: account.password ?? '',
    };
    const token = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(grant) });
    const { access_token } = (await token.json()) as { access_token: string };
    const answer = await fetch(`${sandbox.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${access_token}`,
        'ocp-apim-subscription-key': account.subscriptionKey ?? '',
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
  };
}

/** Kinds and names, to be compared as a whole. */
export function found({ findings }: Result): string[] {
  return findings.map(({ kind, name }) => `${kind} ${name}`);
}

/** People who were provisioned long ago, put into the database as they would stand there. */
export async function seed(app: App, lane: Lane, count: number): Promise<void> {
  const { tenant, targetId: target_id } = lane;
  const { store } = app;
  const now = (await store.now()) - 1_000;
  const nine = '2026-01-01T00:00:00.000000000Z';
  for (let from = 0; from < count; from += 250) {
    const people = Array.from({ length: Math.min(250, count - from) }, (_, index) => seeded(from + index));
    await store.write(async (trx) => {
      await trx
        .insertInto('resources')
        .values(
          people.map(({ userId, userName }) => ({
            tenant,
            id: userId,
            type: 'User',
            version: 1,
            created: nine,
            last_modified: nine,
            document: JSON.stringify({
              userName,
              name: { givenName: 'A', familyName: 'B' },
              emails: [{ value: `${userName}@x.org` }],
            }),
            search: store.dialect.jsonb('{}'),
          })),
        )
        .execute();
      await trx
        .insertInto('accounts')
        .values(
          people.map(({ userId, userName, remoteId }) => ({
            tenant,
            target_id,
            user_id: userId,
            generation: 1,
            observed_generation: 1,
            lease_epoch: 1,
            attempts: 0,
            urgent: 0,
            remote_id: remoteId,
            outcome: 'done',
            situation: 'confirmed',
            memory: '{"granted":[],"remembered":[]}',
            name: `demo/${userName}`,
            changed_at: now,
            last_success_at: now,
          })),
        )
        .execute();
      await trx
        .insertInto('remote_links')
        .values(
          people.map(({ userId, remoteId }) => ({
            system_key: lane.systemKey,
            remote_id: remoteId,
            tenant,
            target_id,
            user_id: userId,
          })),
        )
        .execute();
    });
  }
}

/** The records of those people, in another order than theirs. @param ballast makes each so many characters larger. */
export async function* seededRecords(count: number, ballast = 0): AsyncGenerator<Observed> {
  for (let n = 0; n < count; n++) {
    const { userName, remoteId } = seeded((n * 7_919) % count);
    const email = `${userName}@x.org`;
    const fields = { firstName: 'A', lastName: 'B', email, notes: '.'.padStart(ballast, String(n)) };
    yield { id: remoteId, keys: { userName: `DEMO/${userName}`, email }, fields, enabled: true, assignments: [] };
  }
}

function seeded(n: number) {
  const digits = String(n).padStart(12, '0');
  return { userId: `01900000-0000-7000-8000-${digits}`, userName: `p${digits}`, remoteId: `r${digits}` };
}
