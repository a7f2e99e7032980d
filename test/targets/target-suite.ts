/**
 * What every target type must do, told through the contract alone, against its own sandbox over real HTTP. A type brings the
 * few facts that the suite cannot know (`TargetCase`); what is special about one type is tested beside it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Failure, TargetError } from '../../src/targets/outcome.ts';
import type { Connection, Evidence, Step, TargetType } from '../../src/targets/target.ts';
import { type Account, type ByHand, createAccount, type Somebody } from './account.ts';
import { type SandboxServer, type State, startSandboxes, testIo, testVault } from './sandbox-server.ts';

export interface TargetCase {
  type: TargetType;
  /** What is special about this run: part of the tests' names. */
  title: string;
  /** Profile points in force, `point=value`. */
  profile?: string;
  settings?: Readonly<Record<string, unknown>>;
  system: string;
  /** The call that creates, for faults. */
  create: string;
  assignments: readonly string[];
  /** Whether a record that was never assigned can be looked up. */
  canSeeEverybody: boolean;
  /** The records of the system, as its sandbox shows them. */
  records(state: State): { [name: string]: string }[];
  /** Whether this record lets its person in. */
  isOpen(record: { [name: string]: string }, state: State): boolean;
  /** Does in the system's own pages what a manual step asks of a person. */
  byHand?(sandbox: SandboxServer, ...step: Parameters<ByHand>): Promise<unknown>;
  /** Ends every access token that was issued. */
  endTokens(sandbox: SandboxServer): Promise<unknown>;
  /** From now on no token is taken. */
  refuseTokens(sandbox: SandboxServer): Promise<unknown>;
  /** From now on every call gets 429, without a word about when to come back. */
  limit(sandbox: SandboxServer): Promise<unknown>;
  /** Settings whose gateway key is wrong, and a word that the reason must hold. Missing: there is no gateway key. */
  wrongKey?: { settings: Readonly<Record<string, string>>; named: string };
  /** Fields of the record after the person was renamed to `ada.king`, ada.king@example.com, King. */
  renamed: Readonly<Record<string, string>>;
  /** Fields of the record after Ada lost her family name. */
  nameless: Readonly<Record<string, string | null>>;
  /** Settings that must be given. Default: the type's secrets. */
  needed?: readonly string[];
  /** A removed record stays, without access. */
  keepsRemoved?: boolean;
  /** How a removal is known, where that is less than the type's best. */
  removal?: Evidence;
  /** User names as this system wants them. Default: as they are. */
  named?(userName: string): string;
}

export function describeTarget(facts: TargetCase): void {
  describe(`${facts.type.type}, ${facts.title}`, () => {
    const { type, named = (userName: string) => userName } = facts;
    const io = testIo();
    const ada: Somebody = {
      id: '0199',
      presence: 'active',
      assignments: facts.assignments,
      user: {
        userName: named('Ada.Byron'),
        name: { givenName: 'Ada', familyName: 'Byron' },
        emails: [
          { value: 'home@example.com', type: 'home' },
          { value: 'Ada.Byron@example.com', type: 'work', primary: true },
        ],
      },
    };
    const renamed: Somebody = {
      ...ada,
      user: {
        userName: named('ada.king'),
        name: { givenName: 'Ada', familyName: 'King' },
        emails: [{ value: 'ada.king@example.com' }],
      },
    };
    let sandbox: SandboxServer;
    let settings: unknown;
    let connection: Connection;
    let account: Account;

    const connect = async (overrides: Record<string, unknown> = {}) => {
      settings = type.settings.parse({ ...(await sandbox.credentials(facts.system)), ...facts.settings, ...overrides });
      connection = type.open(settings, testVault());
      account = createAccount(type, settings, connection, io, byHand);
    };
    const byHand: ByHand = (step, subject) => facts.byHand?.(sandbox, step, subject);
    const records = async () => facts.records(await sandbox.state());
    const expectRemoved = async () => {
      if (facts.keepsRemoved) expect(await isOpen()).toEqual([false]);
      else expect(await records()).toEqual([]);
    };
    const isOpen = async () => {
      const state = await sandbox.state();
      return facts.records(state).map((record) => facts.isOpen(record, state));
    };
    const fault = (kind: string, more: object = {}) =>
      sandbox.control('/faults', {
        system: facts.system,
        rate: 1,
        kinds: [kind],
        times: 1,
        match: facts.create,
        ...more,
      });
    /** Nothing left to do, whether or not the record can be looked up. */
    const expectSettled = async (person: Somebody) => {
      const { found, steps } = await account.sync(person);
      expect(steps).toEqual([]);
      expect(found.kind).toBe(person.presence === 'absent' ? 'absent' : 'found');
    };

    beforeAll(async () => {
      sandbox = await startSandboxes();
    });
    afterAll(() => sandbox.close());
    beforeEach(async () => {
      await sandbox.control('/reset');
      if (facts.profile) await sandbox.control('/profile', { system: facts.system, profile: facts.profile });
      await connect();
    });

    test('a connection test says who is signed in', async () => {
      expect(await connection.check(io)).toContain('Signed in as');
    });

    test('a person is created, and nothing is left to do', async () => {
      const { steps } = await account.sync(ada);
      expect(steps[0]?.kind).toBe('create');
      expect(await records()).toHaveLength(1);
      expect(await isOpen()).toEqual([true]);
      await expectSettled(ada);
    });

    test('an inactive person is created without access, and nothing is left to do', async ({ skip }) => {
      skip(type.capabilities.invites, 'nobody is invited who may not come in');
      await account.sync({ ...ada, presence: 'inactive' });
      expect(await isOpen()).toEqual([false]);
      await expectSettled({ ...ada, presence: 'inactive' });
    });

    test('creating twice makes one record and gives its id both times', async () => {
      const first = await account.sync(ada);
      const desired = account.desired(ada);
      const step = first.steps.find((each) => each.kind === 'create') as Step;
      const again = await connection.apply(step, { id: null, desired }, io);
      expect(again.id).toBe(account.id);
      expect(await records()).toHaveLength(1);
    });

    test('a record is found by its keys, in whatever case they are written', async () => {
      await account.sync(ada);
      const keys = account.desired({
        ...ada,
        user: { userName: named('ADA.BYRON'), emails: [{ value: 'ada.byron@EXAMPLE.com' }] },
      });
      const found = await connection.find({ id: null, keys: [keys?.keys ?? {}], last: null, openIntent: true }, io);
      expect(found).toMatchObject({ kind: 'found', observed: { id: account.id } });
    });

    test('who is not there is absent, or cannot be known', async () => {
      const keys = account.desired(ada)?.keys ?? {};
      for (const openIntent of [true, false]) {
        const found = await connection.find({ id: null, keys: [keys], last: null, openIntent }, io);
        expect(found.kind).toBe(facts.canSeeEverybody ? 'absent' : 'unknowable');
      }
    });

    test('a linked record that is gone is never found under another id', async () => {
      await account.sync(ada);
      const keys = account.desired(ada)?.keys ?? {};
      const found = await connection.find({ id: '00000000-dead', keys: [keys], last: null, openIntent: false }, io);
      expect(found.kind).toBe(facts.canSeeEverybody ? 'absent' : 'unknowable');
    });

    test('a change of a record that is gone is tried again, where looking again can tell', async ({ skip }) => {
      skip(!type.capabilities.rename, 'there is no call that renames');
      await account.sync(ada);
      const observed = account.observed && { ...account.observed, id: '00000000-dead' };
      const steps = type.plan(account.desired(renamed), observed, account.memory, settings);
      const change = steps.find((step) => step.kind === 'rename') as Step;
      const subject = { id: '00000000-dead', desired: account.desired(renamed), observed };
      const { kind } = await failureOf(connection.apply(change, subject, io));
      expect(kind).toBe(facts.canSeeEverybody ? 'retry' : 'reject');
    });

    test('a rename with all that goes with it arrives, and nothing is left to do', async () => {
      await account.sync(ada);
      const { id } = account;
      await account.sync(renamed);
      expect(await records()).toMatchObject([{ id, ...facts.renamed }]);
      await expectSettled(renamed);
    });

    test('a value that was taken away is taken away', async () => {
      await account.sync(ada);
      const nameless: Somebody = { ...ada, user: { ...ada.user, name: { givenName: 'Ada' } } };
      await account.sync(nameless);
      expect(await records()).toMatchObject([facts.nameless]);
      await expectSettled(nameless);
    });

    test('who is made inactive loses access, and gets back what there was', async () => {
      await account.sync(ada);
      await account.sync({ ...ada, presence: 'inactive' });
      expect(await isOpen()).toEqual([false]);
      await expectSettled({ ...ada, presence: 'inactive' });
      await account.sync({ ...renamed, presence: 'inactive' });
      expect(await isOpen()).toEqual([false]);
      await account.sync(ada);
      expect(await isOpen()).toEqual([true]);
      await expectSettled(ada);
    });

    test('a removal is confirmed, and a second one is done as well', async ({ skip }) => {
      skip(type.capabilities.delete === 'none', 'there is no call that removes');
      await account.sync(ada);
      const subject = { id: account.id, desired: null, observed: account.observed };
      const { steps, applied } = await account.sync({ ...ada, presence: 'absent' });
      await expectRemoved();
      const evidence = facts.removal ?? (facts.canSeeEverybody ? type.capabilities.verify : 'answer');
      expect(applied).toMatchObject([{ evidence }]);
      await connection.apply(steps[0] as Step, subject, io);
    });

    test('the listing shows everybody, or refuses', async () => {
      await account.sync(ada);
      const listed = (async () => {
        const all = [];
        const ids = (await records()).map((record) => record.id);
        for await (const observed of connection.list(io)) if (ids.includes(observed.id)) all.push(observed);
        return all;
      })();
      if (facts.canSeeEverybody) expect(await listed).toEqual([account.observed && (await found()).observed]);
      else expect((await failureOf(listed)).kind).toBe('reject');
    });
    const found = async () => {
      const answer = await connection.find({ id: account.id, keys: [], last: null, openIntent: false }, io);
      if (answer.kind !== 'found') throw new Error(answer.kind);
      return answer;
    };

    test('429 is tried again when the system says', async () => {
      await fault('429');
      expect(await failureOf(account.sync(ada))).toMatchObject({ kind: 'retry', afterMs: 1_000 });
      await account.sync(ada);
      expect(await records()).toHaveLength(1);
    });

    test('429 without a time is tried again when the engine says', async () => {
      await facts.limit(sandbox);
      const failure = await failureOf(account.sync(ada));
      expect(failure.kind).toBe('retry');
      expect(failure).not.toHaveProperty('afterMs');
    });

    test('a token that is not taken is renewed once, and the call repeated', async () => {
      await connection.check(io);
      await facts.endTokens(sandbox);
      await account.sync(ada);
      expect(await records()).toHaveLength(1);
    });

    test('a fresh token that is not taken pauses the target', async () => {
      await facts.refuseTokens(sandbox);
      const before = (await sandbox.calls()).length;
      expect((await failureOf(account.sync(ada))).kind).toBe('pause');
      const tried = (await sandbox.calls()).slice(before).filter((call) => call.status === 401);
      expect(tried).toHaveLength(2);
    });

    test('a key that the gateway refuses pauses the target, and no token is fetched for it', async ({ skip }) => {
      if (!facts.wrongKey) return skip('this system has no gateway key');
      await connect(facts.wrongKey.settings);
      const failure = await failureOf(account.sync(ada));
      expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining(facts.wrongKey.named) });
      const refused = (await sandbox.calls()).map((call) => call.status);
      expect(refused.filter((status) => status === 401)).toHaveLength(1);
    });

    test('500 before a create leaves it unclear, and the next run makes one record', async () => {
      await fault('500');
      expect(await failureOf(account.sync(ada))).toMatchObject({ kind: 'retry', unclear: true });
      await account.sync(ada);
      expect(await records()).toHaveLength(1);
      await expectSettled(ada);
    });

    test.each(['lost-response', '500-after'])(
      '%s: the create is found again, and not repeated blindly',
      async (kind) => {
        await fault(kind);
        expect(await failureOf(account.sync(ada))).toMatchObject({ kind: 'retry', unclear: true });
        expect(account.openIntent).toBe(true);
        expect(await records()).toHaveLength(1);
        const { found } = await account.sync(ada);
        expect(found.kind).toBe(facts.canSeeEverybody ? 'found' : 'unknowable');
        expect(await records()).toHaveLength(1);
        await expectSettled(ada);
      },
    );

    test('a call that is cut at its time-out is unclear', async () => {
      await fault('timeout');
      const hasty = createAccount(type, settings, connection, testIo({ timeoutMs: 200 }));
      expect(await failureOf(hasty.sync(ada))).toMatchObject({ kind: 'retry', unclear: true });
    });

    test('every call may fail once, in every way: the account converges all the same', async () => {
      const kinds = ['500', '429', 'reset', 'lost-response', '500-after'];
      await sandbox.control('/faults', { system: facts.system, rate: 0.3, kinds, seed: 7 });
      const until = async (person: Somebody) => {
        for (let attempt = 0; attempt < 60; attempt++) {
          const failure = await failureOf(account.sync(person));
          if (failure.kind === 'done') return;
          expect(failure.kind).toBe('retry');
        }
        throw new Error('did not converge');
      };
      await until(ada);
      await until({ ...ada, presence: 'inactive' });
      expect(await isOpen()).toEqual([false]);
      await until(renamed);
      expect(await isOpen()).toEqual([true]);
      expect(await records()).toMatchObject([facts.renamed]);
      await until({ ...renamed, presence: 'absent' });
      await expectRemoved();
    });

    test('a system that cannot be reached is tried again, and nothing is unclear', async () => {
      const gone = await startSandboxes();
      await gone.close();
      await connect({ baseUrl: gone.url });
      const failure = await failureOf(account.sync(ada));
      expect(failure).toMatchObject({ kind: 'retry' });
      expect(failure).not.toHaveProperty('unclear');
    });

    test("another server's 404 proves nothing: the target is paused", async () => {
      await account.sync(ada);
      const { id } = account;
      await connect({ baseUrl: `${sandbox.url}/elsewhere` });
      const failure = await failureOf(connection.find({ id, keys: [], last: null, openIntent: false }, io));
      expect(failure).toMatchObject({ kind: 'pause', reason: expect.stringContaining('base URL') });
    });

    test('settings that miss something are refused by name', async () => {
      const result = type.settings.safeParse({});
      const missing = result.error?.issues.map((issue) => issue.path[0]);
      expect(missing).toEqual(expect.arrayContaining([...(facts.needed ?? type.secrets)]));
    });

    test('no secret shows in a plan, an error or the call log', async () => {
      const credentials = await sandbox.credentials(facts.system);
      const secrets = type.secrets.map((name) => credentials[name]).filter((secret) => secret !== undefined);
      const { steps } = await account.sync(ada);
      await account.sync({ ...ada, presence: 'inactive' });
      const stored = facts.records(await sandbox.state()).flatMap((record) => record.password ?? []);
      await fault('500', { match: undefined, times: 5 });
      const { reason } = await failureOf(account.sync(renamed));
      const texts = JSON.stringify([steps, reason, account.observed, await sandbox.calls()]);
      for (const secret of [...secrets, ...stored]) expect(texts).not.toContain(secret);
    });
  });
}

/** The failure of a promise, or `done`. Any other error is the test's. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure | { kind: 'done'; reason: string }> {
  try {
    await promise;
    return { kind: 'done', reason: '' };
  } catch (error) {
    if (error instanceof TargetError) return error.failure;
    throw error;
  }
}
