/**
 * The bearer token of a uflow target: a fixed one, or one that either of the two documented log-ins gives (README.md).
 *
 * It owns when to log in, that only one log-in runs at a time, and what a refused one means. A log-in that asks for a
 * second factor is a mistake in the configuration: nobody is there to answer.
 */
import { type Answer, classify, request } from '../http.ts';
import { TargetError } from '../outcome.ts';
import type { Io } from '../target.ts';
import type { Settings } from './settings.ts';

export interface Session {
  /**
   * Runs `call` with a token. A token from a log-in that is not taken is renewed once and `call` repeated.
   * @throws TargetError `pause` when the credentials are refused.
   */
  withToken(io: Io, call: (token: string) => Promise<Answer>): Promise<Answer>;
}

interface Token {
  value: string;
  /** Milliseconds since 1970; a log-in that names no life-time gives a token that is used until it is refused. */
  staleAt: number;
}

export function createSession(settings: Settings): Session {
  const { logIn } = settings;
  let current: Token | null = null;
  let fetching: Promise<Token> | null = null;

  async function token(io: Io, refused?: string): Promise<string> {
    if (current && current.value !== refused && io.clock().getTime() < current.staleAt) return current.value;
    fetching ??= fetchToken(io, settings).finally(() => {
      fetching = null;
    });
    current = await fetching;
    return current.value;
  }

  return {
    async withToken(io, call) {
      if (logIn === 'token') {
        const answer = await call(settings.token);
        if (answer.status !== 401) return answer;
        throw paused(`${classify(answer).reason}: the setting token is not taken, or no longer`);
      }
      const first = await token(io);
      const answer = await call(first);
      if (answer.status !== 401) return answer;
      const again = await call(await token(io, first));
      if (again.status !== 401) return again;
      throw paused(
        `${classify(again).reason}: so it answers to a fresh token; the account has no access, or the tenant is not its own`,
      );
    },
  };
}

/** Two pages of the documentation describe two log-ins [P]. */
async function fetchToken(io: Io, settings: Settings): Promise<Token> {
  const { baseUrl, prefix, username, password, tenantDomain, tenantId, logIn } = settings;
  const byEmail = logIn === 'email';
  const asked = io.clock().getTime();
  const answer = await request(io, {
    method: 'POST',
    url: `${baseUrl}${prefix}/uflow/${byEmail ? 'auth/admin' : 'admin/auth'}/login`,
    json: byEmail
      ? { email: username, password, ...(tenantDomain !== '' && { tenant_domain: tenantDomain }) }
      : { username, password },
    writes: false,
  });
  if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  const body = (answer.body ?? {}) as Record<string, unknown>;
  if (body.mfa_required === true) {
    throw paused(
      `${username} has to answer a second factor (mfa_required), which no connector can: use an administrator without one, or logIn token`,
    );
  }
  const value = byEmail ? body.token : body.access_token;
  if (typeof value !== 'string' || value === '') {
    throw paused(`${answer.path} answered ${answer.status} without a token; are the base URL and logIn right?`);
  }
  if (typeof body.tenant_id === 'string' && body.tenant_id.toLowerCase() !== tenantId.toLowerCase()) {
    throw paused(`${username} belongs to tenant ${body.tenant_id}, not to tenantId ${tenantId}`);
  }
  const lifetime = Number(body.expires_in ?? Number.POSITIVE_INFINITY) * 1_000;
  return { value, staleAt: asked + lifetime - Math.min(30_000, lifetime / 10) };
}

/** No account is to blame for what a log-in refuses. */
function refusal(answer: Answer): TargetError {
  const failure = classify(answer);
  if (failure.kind === 'retry') return new TargetError(failure);
  const hint = answer.status === 404 ? 'are the base URL, prefix and logIn right?' : 'check the log-in settings';
  return paused(`${failure.reason}; ${hint}`);
}

const paused = (reason: string) => new TargetError({ kind: 'pause', reason });
