/**
 * What every Qflow system asks of a caller, for the two Qflow target types: the settings of the API user, and calls that
 * carry its bearer token and the gateway's subscription key. Sources: reference/targets.md 1.1 to 1.3.
 *
 * It knows nothing of users or team members; those are the targets' own.
 */
import { z } from 'zod';
import { type Answer, type Call, classify, request } from './http.ts';
import { createSession } from './oauth.ts';
import { TargetError } from './outcome.ts';
import type { Io, Vault } from './target.ts';

const address = z.url({ protocol: /^https?$/ }).overwrite((url) => url.replace(/\/+$/, ''));

/** The settings that both types share, to be spread into a Zod object. */
export const qflowSettings = {
  baseUrl: address.default('https://api.qflowhub.io').describe('Address of the API. Default: https://api.qflowhub.io'),
  tokenUrl: address
    .default('https://identity.qflowhub.io/core/connect/token')
    .describe('Address of the token endpoint. Default: https://identity.qflowhub.io/core/connect/token'),
  clientId: z.string().min(1).describe('OAuth client id, as Qflow support gave it. No default'),
  clientSecret: z.string().min(1).describe('OAuth client secret. No default'),
  username: z.string().min(1).describe('API user: enterprise pin, slash, e-mail (DEMO/api@example.com). No default'),
  password: z.string().min(1).describe("The API user's password. No default"),
  subscriptionKey: z.string().min(1).describe('Sent as Ocp-Apim-Subscription-Key. No default'),
  enterprisePin: z
    .string()
    .regex(/^[^/\s]*$/, 'must hold neither slash nor space')
    .default('')
    .describe('Pin of the enterprise. Default: what stands before the slash in the user name'),
};

export const qflowSecrets = ['clientSecret', 'password', 'subscriptionKey'] as const;

const Account = z.object(qflowSettings);
export type QflowAccount = z.infer<typeof Account>;

/** The enterprise's pin as the administrator writes it, '' where there is none. */
export function pinOf({ enterprisePin, username }: Pick<QflowAccount, 'enterprisePin' | 'username'>): string {
  return enterprisePin || username.slice(0, Math.max(0, username.indexOf('/')));
}

/** The edge counts calls per source address over the whole host, for both types and all tenants (targets.md 1.2). */
export function qflowLimitGroup({ baseUrl }: Pick<QflowAccount, 'baseUrl'>): string {
  return `qflow ${new URL(baseUrl).host.toLowerCase()}`;
}

/** A name without case, outer space and the enterprise's pin: what identifies a user or team member. */
export function canonicalName(name: string, pin: string): string {
  const folded = name.trim().toLowerCase();
  const prefix = `${pin.toLowerCase()}/`;
  return pin !== '' && folded.startsWith(prefix) ? folded.slice(prefix.length) : folded;
}

/** Whether two addresses are one to Qflow, which trims and lower-cases them. */
export function sameEmail(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

/** @param path below the base URL, with its query. @returns the answer, whatever its status but 401 and a foreign 404. */
export type QflowApi = (io: Io, method: string, path: string, json?: unknown) => Promise<Answer>;

export function openQflow(settings: QflowAccount, vault: Vault): QflowApi {
  const session = createSession({ ...settings, scope: 'qflowapi openid offline_access' }, vault);
  return async (io, method, path, json) => {
    const answer = await session.withToken(io, (accessToken) => {
      const headers = { authorization: `Bearer ${accessToken}`, 'ocp-apim-subscription-key': settings.subscriptionKey };
      const call: Call = { method, url: `${settings.baseUrl}${path}`, headers };
      return request(io, json === undefined ? call : { ...call, json });
    });
    if (answer.status === 404 && !isOwn404(answer)) {
      const reason = `${classify(answer).reason}: not Qflow's own 404, which has no body; is the base URL right?`;
      throw new TargetError({ kind: 'pause', reason });
    }
    return answer;
  };
}

/** Qflow's 404 has no body [P, docs.qflowhub.io/comms/rate-limits-errors]; gateways and web servers write one. */
function isOwn404(answer: Answer): boolean {
  return answer.body === undefined && answer.text === '';
}
