/** RFC 7643 sections 4.1 and 4.3: what the standard says of particular attributes of users. */
import { randomBytes } from 'node:crypto';
import type { Check, Server, Trial } from '../../trial.ts';
import { isSilent } from '../clients.ts';
import {
  at,
  came,
  current,
  ENTERPRISE,
  filtered,
  objects,
  otherCase,
  quoted,
  refused,
  resources,
  sent,
  shown,
  succeeded,
  text,
  USER,
  unassigned,
} from '../reading.ts';
import { endpointOf, hasExtension } from './samples.ts';

const lacks =
  (...paths: string[]) =>
  (server: Server) => {
    const missing = paths.find((path) => server.attribute('User', path) === null);
    if (missing && isSilent(server))
      return `it publishes no schema of users, which would say that they have ${missing}`;
    return missing ? `its users have no ${missing}` : null;
  };

const userName: Check = {
  id: 'users/user-name',
  title: 'A user name is required, belongs to one user, and is the same in capitals',
  feature: 'users',
  requirements: [1, 2, 3, 4].map((each) => `RFC7643-4.1.1-${each}`),
  async run(trial: Trial) {
    const endpoint = endpointOf(trial.server, USER);
    const made = await trial.makeUser();
    const name = text(at(made.resource, 'userName'));
    trial.holds(
      'RFC7643-4.1.1-1',
      name !== null,
      `userName should not be empty; it is ${shown(at(made.resource, 'userName'))}`,
    );
    const wanted = String(sent(made).userName);

    const again = await trial.send('POST', endpoint, trial.userBody({ userName: wanted }));
    trial.holds('RFC7643-4.1.1-2', refused(again), `a second user ${wanted} should be refused; got ${came(again)}`);
    const shouted = await trial.send('POST', endpoint, trial.userBody({ userName: otherCase(wanted) }));
    trial.holds(
      'RFC7643-4.1.1-4',
      refused(shouted),
      `a second user with the same name in another case should be refused; got ${came(shouted)}`,
    );
    const { userName: _, ...nameless } = trial.userBody();
    const without = await trial.send('POST', endpoint, nameless);
    trial.holds('RFC7643-4.1.1-3', refused(without), `a user without userName should be refused; got ${came(without)}`);

    if (!trial.server.supports.filter) return;
    const found = await trial.send('GET', `${endpoint}?${filtered(`userName eq ${quoted(otherCase(wanted))}`)}`);
    const hit = resources(found).some((each) => at(each, 'id') === made.id);
    trial.holds(
      'RFC7643-4.1.1-4',
      hit,
      `a filter with ${otherCase(wanted)} should find ${wanted}; got ${came(found)} and ${resources(found).length} users`,
    );
  },
};

const names: Check = {
  id: 'users/names',
  title: 'Names that the server works out agree with those it was given',
  feature: 'users',
  requirements: ['RFC7643-4.1.1-5', 'RFC7643-4.1.1-7'],
  unless: lacks('name.givenName', 'name.familyName'),
  async run(trial: Trial) {
    // A server may work `formatted` out from the displayName: that must not be another name.
    const made = await trial.makeUser({
      name: { givenName: 'Ophelia', familyName: 'Quist' },
      ...(trial.server.attribute('User', 'displayName') && { displayName: 'Ophelia Quist' }),
    });
    const user = await current(trial, made);
    const formatted = text(at(user, 'name', 'formatted'));
    const isSame = formatted === null || (formatted.includes('Ophelia') && formatted.includes('Quist'));
    trial.holds('RFC7643-4.1.1-5', isSame, `name.formatted should describe Ophelia Quist; it is ${shown(formatted)}`);
    const nickName = at(user, 'nickName');
    trial.holds(
      'RFC7643-4.1.1-7',
      unassigned(nickName) || nickName !== at(user, 'userName'),
      'nickName, which nobody gave, is the userName',
    );
  },
};

const password: Check = {
  id: 'users/password-returned',
  title: 'A password can be written and never read',
  feature: 'password',
  requirements: ['RFC7643-4.1.1-8', 'RFC7643-4.1.1-13', 'RFC7643-7-17'],
  unless: lacks('password'),
  async run(trial: Trial) {
    const secret = `Aa1!${randomBytes(15).toString('base64url')}`;
    const made = await trial.makeUser({ password: secret });
    const answers = [made.exchange];
    for (const query of ['', '?attributes=password', '?attributes=userName,password'])
      answers.push(await trial.send('GET', `${made.path}${query}`));
    if (trial.server.supports.filter) {
      const filter = filtered(`userName eq ${quoted(String(sent(made).userName))}`);
      answers.push(await trial.send('GET', `${endpointOf(trial.server, USER)}?${filter}&attributes=password`));
    }
    for (const answer of answers) {
      trial.holds('RFC7643-4.1.1-8', !answer.body.includes(secret), 'the answer contains the password', answer);
      const users = [answer.json, ...resources(answer)];
      const shows = users.some((each) => !unassigned(at(each, 'password')));
      trial.holds('RFC7643-4.1.1-13', !shows, 'the answer has an attribute password', answer);
      trial.holds('RFC7643-7-17', !shows, 'the answer has an attribute that is writeOnly', answer);
    }
  },
};

const country: Check = {
  id: 'users/country',
  title: 'A country of two letters stays one of two letters',
  feature: 'users',
  requirements: ['RFC7643-4.1.2-8'],
  unless: lacks('addresses.country'),
  async run(trial: Trial) {
    const made = await trial.makeUser({ addresses: [{ country: 'SE', locality: 'Stockholm', type: 'work' }] });
    for (const address of objects(at(await current(trial, made), 'addresses'))) {
      const value = at(address, 'country');
      if (!unassigned(value))
        trial.holds('RFC7643-4.1.2-8', /^[a-z]{2}$/i.test(String(value)), `country was SE, and is ${shown(value)}`);
    }
  },
};

const canonicalEmail: Check = {
  id: 'users/canonical-email',
  title: 'An e-mail address comes back with its domain in small letters',
  feature: 'users',
  requirements: ['RFC7643-4.1.2-2'],
  unless: lacks('emails.value'),
  async run(trial: Trial) {
    const local = trial.name();
    const made = await trial.makeUser({ emails: [{ value: `${local}@EXAMPLE.COM`, type: 'work', primary: true }] });
    const [email] = objects(at(await current(trial, made), 'emails'));
    trial.needs(email !== undefined, 'it keeps no e-mail address of a user');
    const forms = [at(email, 'value'), at(email, 'display')].map((each) => String(each));
    const isCanonical = forms.some((each) => each.endsWith('@example.com'));
    trial.holds(
      'RFC7643-4.1.2-2',
      isCanonical,
      `of ${local}@EXAMPLE.COM the domain should come back as example.com, in value or in display; got ${shown(email)}`,
    );
  },
};

const manager: Check = {
  id: 'users/manager-name',
  title: "The name of a manager is not the client's to write",
  feature: 'users',
  requirements: ['RFC7643-4.3-3'],
  unless: (server) =>
    hasExtension(server)
      ? lacks(`${ENTERPRISE}:manager.displayName`)(server)
      : 'its users have no enterprise extension',
  async run(trial: Trial) {
    const boss = await trial.makeUser();
    const made = await trial.makeUser({ [ENTERPRISE]: { manager: { value: boss.id, displayName: 'Nobody At All' } } });
    const name = at(await current(trial, made), ENTERPRISE, 'manager', 'displayName');
    trial.holds(
      'RFC7643-4.3-3',
      name !== 'Nobody At All',
      'manager.displayName is readOnly, yet what the client sent was kept',
    );
  },
};

const certificate: Check = {
  id: 'users/certificate',
  title: 'A certificate comes back as base64, unchanged',
  feature: 'users',
  requirements: ['RFC7643-4.1.2-12', 'RFC7643-2.3.6-1'],
  unless: lacks('x509Certificates.value'),
  async run(trial: Trial) {
    const made = await trial.send(
      'POST',
      endpointOf(trial.server, USER),
      trial.userBody({ x509Certificates: [{ value: CERTIFICATE }] }),
    );
    trial.needs(succeeded(made), `it does not take the certificate: ${came(made)}`);
    for (const each of objects(at(made.json, 'x509Certificates'))) {
      const value = text(at(each, 'value')) ?? '';
      trial.holds(
        'RFC7643-2.3.6-1',
        /^[A-Za-z0-9+/]+={0,2}$/.test(value),
        `the certificate should be base64; it is ${shown(value)}`,
      );
      const same = Buffer.from(value, 'base64').equals(Buffer.from(CERTIFICATE, 'base64'));
      trial.holds('RFC7643-4.1.2-12', same, `the certificate should come back as it was sent; it is ${shown(value)}`);
    }
  },
};

/** Self-signed, of nobody: CN=linkspan-compliance. */
const CERTIFICATE = [
  'MIIBkzCCATmgAwIBAgIUBDYKK+SlZtJYdQsTdZcwQUPYgu4wCgYIKoZIzj0EAwIwHjEcMBoGA1UEAwwTbGlua3NwYW4tY29tcGxp',
  'YW5jZTAgFw0yNjExMjIxMzE1NThaGA8yMTI2MTAyOTEzMTU1OFowHjEcMBoGA1UEAwwTbGlua3NwYW4tY29tcGxpYW5jZTBZMBMG',
  'ByqGSM49AgEGCCqGSM49AwEHA0IABDkMROuWO+YxtGZwnGS0S1k4IPQHvd6cAm1vgsPxQhDn7O4Lva58QObL92GgrbhSWiNWG5G0',
  'nsVorx7RF7AWyCmjUzBRMB0GA1UdDgQWBBRb/6PWMkMKLn2PZd6rS9u2K09h3DAfBgNVHSMEGDAWgBRb/6PWMkMKLn2PZd6rS9u2',
  'K09h3DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQDqOnbdWr8B3rnoj0m+5PciCFuf18KXzJIoVCWLFhRlJgIg',
  'ZoSoSm1c4iCzyd25exL6/NjFG4XQLoxIv9KzU5Ojw3g=',
].join('');

export const checks: readonly Check[] = [userName, names, password, country, canonicalEmail, manager, certificate];
