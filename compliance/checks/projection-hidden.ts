/** RFC 7644 sections 3.4 and 3.9: what is shown without being asked for, and what never. Names with URNs. */
import type { Check, Server, Trial } from '../trial.ts';
import { extensionText, userWithTexts } from './picking.ts';
import { chosen, names, reading, returned } from './projection.ts';
import { at, current, sent, shown, USER, unassigned } from './reading.ts';

const byDefault: Check = {
  id: 'projection/default',
  title:
    'Without parameters, answers hold what is returned by default, and nothing that is returned on request or never',
  feature: 'projection',
  requirements: ['RFC7644-3.4-1', 'RFC7643-7-21'],
  async run(trial: Trial) {
    const hidden = [...returned(trial.server, 'request'), ...returned(trial.server, 'never')];
    const requested = requestText(trial.server);
    const { user, names: texts } = await userWithTexts(trial, 1, {
      ...(requested && { [requested]: trial.name() }),
      ...(hidden.some((each) => each.name === 'password') && { password: `Lk7!${trial.name()}` }),
    });
    const answer = await trial.send('GET', user.path);
    const [name = ''] = texts;
    const kept = at(answer.json, name);
    trial.holds('RFC7644-3.4-1', kept === sent(user)[name], `${name} should be shown; it is ${shown(kept)}`);
    const seen = hidden.filter((each) => !unassigned(at(answer.json, each.name))).map((each) => each.name);
    trial.holds('RFC7644-3.4-1', seen.length === 0, `${seen.join(', ')} should not be shown without being asked for`);
    const asked = returned(trial.server, 'request').filter((each) => seen.includes(each.name));
    trial.holds(
      'RFC7643-7-21',
      asked.length === 0,
      `${asked.map((each) => each.name).join(', ')} should be shown on request only`,
    );
  },
};

const onRequest: Check = {
  id: 'projection/request',
  title: 'What is returned on request is shown when it is asked for',
  feature: 'projection',
  requirements: ['RFC7644-3.9-1', 'RFC7643-7-21'],
  unless: (server) => (requestText(server) ? null : 'no text attribute of its users is returned on request'),
  async run(trial: Trial) {
    const name = requestText(trial.server);
    trial.needs(name !== null, 'no text attribute of its users is returned on request');
    const user = await trial.makeUser({ [name]: trial.name() });
    const plain = await current(trial, user);
    trial.holds('RFC7643-7-21', at(plain, name) === undefined, `${name} should be shown on request only`);
    const read = await reading(trial, 'RFC7644-3.9-1', user, `?attributes=${name}`);
    trial.holds('RFC7644-3.9-1', at(read, name) !== undefined, `${name} was asked for; shown are ${names(read)}`);
  },
};

const never: Check = {
  id: 'projection/never',
  title: 'What is never returned is not shown, even if it is asked for',
  feature: 'projection',
  requirements: ['RFC7644-3.9-6', 'RFC7643-7-20'],
  unless: (server) => (returned(server, 'never').length > 0 ? null : 'it has no attribute that is never returned'),
  async run(trial: Trial) {
    const hidden = returned(trial.server, 'never').map((each) => each.name);
    trial.needs(hidden.length > 0, 'it has no attribute that is never returned');
    const user = await trial.makeUser(hidden.includes('password') ? { password: `Lk7!${trial.name()}` } : {});
    const answers = [
      user.exchange,
      await trial.send('GET', user.path),
      await trial.send('GET', `${user.path}?attributes=${hidden.join()}`),
    ];
    for (const answer of answers) {
      const seen = hidden.filter((name) => !unassigned(at(answer.json, name)));
      const message = `${seen.join(', ')} should never be shown`;
      trial.holds('RFC7644-3.9-6', seen.length === 0, message, answer);
      trial.holds('RFC7643-7-20', seen.length === 0, message, answer);
    }
  },
};

const urns: Check = {
  id: 'projection/urns',
  title: 'Attributes can be asked for with the URN of their schema',
  feature: 'projection',
  requirements: ['RFC7644-3.10-1'],
  async run(trial: Trial) {
    const { user, names: texts } = await userWithTexts(trial, 1);
    const plain = await current(trial, user, '?attributes=userName');
    // projection/attributes says so.
    trial.needs(
      texts.every((each) => at(plain, each) === undefined),
      'it does not do ?attributes=userName either',
    );
    chosen(
      trial,
      'RFC7644-3.10-1',
      await reading(trial, 'RFC7644-3.10-1', user, `?attributes=${USER}:userName`),
      texts,
      `?attributes=${USER}:userName`,
    );
    const extension = extensionText(trial.server);
    if (!extension) return;
    const other = await trial.makeUser({ [extension.urn]: { [extension.name]: trial.name() } });
    if (at(await current(trial, other), extension.urn, extension.name) === undefined) return;
    const read = await reading(trial, 'RFC7644-3.10-1', other, `?attributes=${extension.path}`);
    if (trial.last().status !== 200) return;
    const kept = at(read, extension.urn, extension.name);
    trial.holds('RFC7644-3.10-1', kept !== undefined, `${extension.path} was asked for; shown are ${names(read)}`);
  },
};

function requestText(server: Server): string | null {
  const found = returned(server, 'request').find(
    (each) => each.type === 'string' && !each.multiValued && each.mutability === 'readWrite',
  );
  return found?.name ?? null;
}

export const checks: readonly Check[] = [byDefault, onRequest, never, urns];
