/**
 * A log-in by OAuth 2.0 resource-owner password and refresh token (RFC 6749 sections 4.3 and 6), kept for one connection.
 *
 * It owns: when a token is fetched, that only one fetch runs at a time, that a new refresh token is stored before anything
 * is done with what came with it, and what a refused log-in means. It never reads a token (they are opaque), and it does not
 * decide what else is wrong with an answer: the caller gets it as it came.
 */
import { createHash } from 'node:crypto';
import { type Answer, classify, request } from './http.ts';
import { type Failure, TargetError } from './outcome.ts';
import type { Io, Vault } from './target.ts';

export interface OAuthSettings {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  username: string;
  password: string;
  /** Space-separated. */
  scope: string;
}

export interface Session {
  /**
   * Runs `call` with an access token. A 401 without a gateway's message means that the token is not taken: it is renewed
   * once and `call` repeated.
   * @throws TargetError `pause` when the credentials, or the gateway's key, are refused.
   */
  withToken(io: Io, call: (accessToken: string) => Promise<Answer>): Promise<Answer>;
}

interface Token {
  value: string;
  /** Milliseconds since 1970: from then on it is renewed before use. */
  staleAt: number;
}

/** What a token is taken to last when the endpoint does not say (RFC 6749 section 5.1 only recommends to). */
const DEFAULT_LIFETIME_S = 300;

export function createSession(settings: OAuthSettings, vault: Vault): Session {
  let current: Token | null = null;
  let fetching: Promise<Token> | null = null;

  /** @param refused a token that was just not taken. */
  async function token(io: Io, refused?: string): Promise<string> {
    if (current && current.value !== refused && io.clock().getTime() < current.staleAt) return current.value;
    fetching ??= logIn(io).finally(() => {
      fetching = null;
    });
    current = await fetching;
    return current.value;
  }

  async function logIn(io: Io): Promise<Token> {
    const refreshToken = readVault(await vault.load(), settings);
    const refreshed = refreshToken && (await grant(io, { grant_type: 'refresh_token', refresh_token: refreshToken }));
    if (refreshed) return refreshed;
    const { scope, username, password } = settings;
    const granted = await grant(io, { grant_type: 'password', scope, username, password });
    if (granted) return granted;
    throw paused(`the token endpoint refused user name and password (invalid_grant)`);
  }

  /** @returns null for `invalid_grant`. */
  async function grant(io: Io, form: Record<string, string>): Promise<Token | null> {
    const asked = io.clock().getTime();
    const client = { client_id: settings.clientId, client_secret: settings.clientSecret };
    const answer = await request(io, {
      method: 'POST',
      url: settings.tokenUrl,
      form: { ...form, ...client },
      writes: false,
    });
    const body = (answer.body ?? {}) as Record<string, unknown>;
    if (answer.status === 400 && body.error === 'invalid_grant') return null;
    if (body.error === 'invalid_client') {
      throw paused('the token endpoint refused the client id or its secret (invalid_client)');
    }
    if (answer.status !== 200) throw new TargetError(configuration(classify(answer)));
    if (typeof body.access_token !== 'string' || body.access_token === '') {
      throw paused('the token endpoint answered 200 without an access token; is its address right?');
    }
    if (typeof body.refresh_token === 'string') await vault.save(writeVault(body.refresh_token, settings));
    const lifetime = Number(body.expires_in ?? DEFAULT_LIFETIME_S) * 1_000;
    return { value: body.access_token, staleAt: asked + lifetime - Math.min(30_000, lifetime / 10) };
  }

  return {
    async withToken(io, call) {
      const first = await token(io);
      const answer = throwIfGateway(await call(first));
      if (answer.status !== 401) return answer;
      const again = throwIfGateway(await call(await token(io, first)));
      if (again.status !== 401) return again;
      throw paused(`${again.method} ${again.path} answered 401 to a fresh access token: the account has no access`);
    },
  };
}

/** Azure API Management answers for itself, in JSON with a `message`; the system behind it sends 401 without a body. */
function throwIfGateway(answer: Answer): Answer {
  const message = (answer.body as { message?: unknown } | null | undefined)?.message;
  if (answer.status !== 401 || typeof message !== 'string') return answer;
  throw paused(`the gateway refused the subscription key: ${answer.detail.slice(0, 200)}`);
}

const paused = (reason: string) => new TargetError({ kind: 'pause', reason });

/** No account is to blame for what the token endpoint refuses. */
function configuration(failure: Failure): Failure {
  return failure.kind === 'reject'
    ? { kind: 'pause', reason: `${failure.reason}; check the log-in settings` }
    : failure;
}

/** A refresh token is only good for the credentials that it came from: new ones must prove themselves. */
function fingerprint({ tokenUrl, clientId, clientSecret, username, password }: OAuthSettings): string {
  const all = JSON.stringify([tokenUrl, clientId, clientSecret, username, password]);
  return createHash('sha256').update(all).digest('base64url');
}

function writeVault(refreshToken: string, settings: OAuthSettings): string {
  return `${fingerprint(settings)} ${refreshToken}`;
}

function readVault(stored: string | null, settings: OAuthSettings): string | null {
  const [owner, refreshToken] = stored?.split(' ') ?? [];
  return refreshToken && owner === fingerprint(settings) ? refreshToken : null;
}
