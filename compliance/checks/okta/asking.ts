/** How Okta asks. */
import { randomBytes } from 'node:crypto';
import type { Exchange } from '../../model.ts';
import type { Json, JsonObject, Made, RequestOptions, Trial } from '../../trial.ts';
import { isSilent, madeBy, users, writable } from '../clients.ts';
import { filtered, quoted, strings, USER } from '../reading.ts';

/** As Okta sends its requests. */
export const OKTA: RequestOptions = {
  contentType: 'application/scim+json; charset=utf-8',
  headers: { accept: 'application/scim+json', 'accept-charset': 'utf-8' },
};

export function ask(trial: Trial, method: string, path: string, body?: Json): Promise<Exchange> {
  return trial.send(method, path, body, OKTA);
}

/** As Okta makes it, as far as the server has the attributes. */
export function oktaBody(trial: Trial): JsonObject {
  const { server } = trial;
  const plain = trial.userBody();
  const name = { givenName: 'Jane', familyName: 'Roe' };
  const emails = [{ primary: true, value: plain.userName ?? null, type: 'work' }];
  return {
    ...(isSilent(server) && { name, emails, displayName: 'Jane Roe', active: true }),
    ...plain,
    schemas: [...new Set([USER, ...strings(plain.schemas)])],
    externalId: `00u${randomBytes(8).toString('hex')}`,
    ...(writable(server, 'locale') && { locale: 'en-US' }),
    ...(server.attribute('User', 'groups') && { groups: [] }),
    ...(writable(server, 'password') && { password: `Aa1!${randomBytes(12).toString('base64url')}` }),
  };
}

/** Its look-up before everything else. */
export function lookUp(trial: Trial, userName: string): Promise<Exchange> {
  return ask(
    trial,
    'GET',
    `${users(trial.server)}?${filtered(`userName eq ${quoted(userName)}`)}&startIndex=1&count=100`,
  );
}

/** Made as Okta makes it. */
export async function assigned(trial: Trial): Promise<Made> {
  return madeBy(trial, users(trial.server), await ask(trial, 'POST', users(trial.server), oktaBody(trial)));
}
