/**
 * The log-in to FlowMate: a permanent token, or an opaque one that a log-in gives and that every call prolongs. It owns when
 * to log in and what a refused log-in means; it keeps no cookie (one would outrank the token) and stores nothing.
 */
import { type Answer, classify, request } from '../http.ts';
import { TargetError } from '../outcome.ts';
import type { Io } from '../target.ts';
import type { Settings } from './settings.ts';

export interface Session {
  /**
   * Runs `call` with a token; after a 401 logs in once more and repeats it.
   * @throws TargetError `pause` when the credentials are refused.
   */
  withToken(io: Io, call: (token: string) => Promise<Answer>): Promise<Answer>;
}

export function createSession(settings: Settings): Session {
  let current: string | null = null;
  let loggingIn: Promise<string> | null = null;

  /** @param refused a token that was just not taken. */
  async function token(io: Io, refused?: string): Promise<string> {
    if (current !== null && current !== refused) return current;
    loggingIn ??= logIn(io).finally(() => {
      loggingIn = null;
    });
    current = await loggingIn;
    return current;
  }

  async function logIn(io: Io): Promise<string> {
    const { baseUrl, loginPath, username, password } = settings;
    const url = `${baseUrl}${loginPath}`;
    const answer = await request(io, { method: 'POST', url, json: { username, password }, writes: false });
    const given = (answer.body as { token?: unknown } | null | undefined)?.token;
    if (answer.status === 200 && typeof given === 'string' && given !== '') return given;
    if (answer.status === 200)
      throw paused(`${answer.path} answered 200 without a token; are base URL and loginPath right?`);
    const failure = classify(answer);
    if (answer.status === 404) throw paused(`${failure.reason}: are base URL and loginPath right?`);
    if ([400, 401, 403].includes(answer.status))
      throw paused(`${failure.reason}: FlowMate refused the log-in of ${username}`);
    throw new TargetError(failure.kind === 'reject' ? { kind: 'pause', reason: failure.reason } : failure);
  }

  return {
    async withToken(io, call) {
      if (settings.token !== '') {
        const answer = await call(settings.token);
        if (answer.status !== 401) return answer;
        throw paused(
          `${classify(answer).reason}: the permanent token is not taken; was it deleted, or its account disabled?`,
        );
      }
      const first = await token(io);
      const answer = await call(first);
      if (answer.status !== 401) return answer;
      const again = await call(await token(io, first));
      if (again.status !== 401) return again;
      throw paused(`${classify(again).reason}: a fresh token is not taken; the account has no access`);
    },
  };
}

const paused = (reason: string) => new TargetError({ kind: 'pause', reason: reason.slice(0, 300) });
