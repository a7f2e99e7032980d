/** RFC 7643 section 4.1.1 and the `changePassword` feature: passwords go in, and never come out. */
import { randomBytes } from 'node:crypto';
import type { Exchange } from '../model.ts';
import type { Check, Server, Trial } from '../trial.ts';
import { noFilter } from './finding.ts';
import { noPatch } from './patch-general.ts';
import { endpointOf } from './picking.ts';
import { at, came, filtered, object, patch, quoted, sent, shown, succeeded } from './reading.ts';

const noPassword = (server: Server) => (server.attribute('User', 'password') ? null : 'its users have no password');

/** Strong enough for most rules. */
const secret = () => `Lk7!${randomBytes(12).toString('base64url')}`;

const hidden: Check = {
  id: 'password/hidden',
  title: 'A password is in no answer, also where it is asked for',
  feature: 'password',
  requirements: ['RFC7643-4.1.1-8', 'RFC7643-4.1.1-13'],
  unless: noPassword,
  async run(trial: Trial) {
    trial.needs(noPassword(trial.server) === null, 'its users have no password');
    const password = secret();
    const user = await trial.makeUser({ password });
    const own = filtered(`userName eq ${quoted(String(sent(user).userName))}`);
    const answers = [
      user.exchange,
      await trial.send('GET', user.path),
      await trial.send('GET', `${user.path}?attributes=password`),
      await trial.send('PUT', user.path, sent(user)),
      ...(noFilter(trial.server) ? [] : [await trial.send('GET', `${endpointOf(trial.server, 'User')}?${own}`)]),
    ];
    for (const answer of answers) hides(trial, answer, password);
    const schema = trial.server.attribute('User', 'password');
    const isSaid = schema?.mutability === 'writeOnly' && schema.returned === 'never';
    const told = `the schema should say writeOnly and never; it says ${schema?.mutability} and ${schema?.returned}`;
    trial.holds('RFC7643-4.1.1-13', isSaid, told);
  },
};

function hides(trial: Trial, answer: Exchange, password: string): void {
  const resources = [answer.json, ...[at(answer.json, 'Resources')].flat()];
  const isNamed = resources.some(
    (each) => object(each) && at(each, 'password') !== undefined && at(each, 'password') !== null,
  );
  const message = `the answer to ${answer.method} should hold no password`;
  trial.holds('RFC7643-4.1.1-13', !isNamed, message, answer);
  trial.holds('RFC7643-4.1.1-8', !isNamed && !answer.body.includes(password), message, answer);
}

const change: Check = {
  id: 'password/change',
  title: 'A password can be changed, and the answer does not show it',
  feature: 'password',
  requirements: ['RFC7643-4.1.1-8', 'RFC7643-4.1.1-13', 'RFC7644-3.5.2.3-2', 'RFC7644-3.5.1-2'],
  unless: (server) => (server.supports.changePassword ? noPassword(server) : 'it does not advertise changePassword'),
  async run(trial: Trial) {
    trial.needs(noPassword(trial.server) === null, 'its users have no password');
    const user = await trial.makeUser({ password: secret() });
    const next = secret();
    const put = await trial.send('PUT', user.path, { ...sent(user), password: next });
    trial.holds('RFC7644-3.5.1-2', succeeded(put), `a PUT with a new password should succeed; it got ${came(put)}`);
    hides(trial, put, next);
    if (noPatch(trial.server)) return;
    const last = secret();
    const body = patch({ op: 'replace', path: 'password', value: last });
    const answer = await trial.send('PATCH', user.path, body);
    const message = `a PATCH with a new password should succeed; it got ${came(answer)} ${shown(at(answer.json, 'scimType'))}`;
    trial.holds('RFC7644-3.5.2.3-2', succeeded(answer), message);
    hides(trial, answer, last);
  },
};

export const checks: readonly Check[] = [hidden, change];
