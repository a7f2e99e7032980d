/** RFC 7644 section 3.5.2: what holds of every PATCH, whatever its operations. */
import type { Check, JsonObject, Server, Trial } from '../trial.ts';
import { extensionText, userWithText, userWithTexts, userWithValues } from './picking.ts';
import { at, came, current, object, objects, otherCase, patch, refused, shown, strings, succeeded } from './reading.ts';
import { differences } from './states.ts';

export const noPatch = ({ supports }: Server) => (supports.patch ? null : 'it does not advertise PATCH');

const supported: Check = {
  id: 'patch/supported',
  title: 'PATCH is supported',
  feature: 'patch',
  requirements: ['RFC7644-3.5-2'],
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: name, value: trial.name('new') }));
    const message = `a PATCH that replaces ${name} should succeed; it was answered with ${came(answer)}`;
    trial.holds('RFC7644-3.5-2', succeeded(answer), message);
  },
};

const answer: Check = {
  id: 'patch/answer',
  title: 'A PATCH is answered with 200 and the whole resource, or with 204',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-14', 'RFC7644-3.1-4'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path: name, value: trial.name('new') }));
    trial.needs(succeeded(answer), `a PATCH that replaces ${name} was answered with ${came(answer)}`);
    const isEmpty = answer.status === 204 && answer.body === '';
    const now = await current(trial, user);
    const isWhole = answer.status === 200 && at(answer.json, 'id') === user.id && has(answer.json, 'userName');
    const message = `expected 200 and the whole user, or 204 and nothing; got ${answer.status} and ${shown(answer.json)}`;
    trial.holds('RFC7644-3.5.2-14', isEmpty || isWhole, message, answer);
    if (!isWhole) return;
    const other = differences(object(answer.json) ?? {}, now);
    trial.holds('RFC7644-3.1-4', other.length === 0, `the answer and a GET after it differ in ${other.join(', ')}`);
  },
};

const chosen: Check = {
  id: 'patch/attributes',
  title: 'A PATCH with the attributes parameter is answered with 200',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-15'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const body = patch({ op: 'replace', path: name, value: trial.name('new') });
    const answer = await trial.send('PATCH', `${user.path}?attributes=userName`, body);
    trial.needs(succeeded(answer), `the PATCH was answered with ${came(answer)}`);
    const isIt = answer.status === 200 && at(answer.json, 'id') === user.id;
    trial.holds('RFC7644-3.5.2-15', isIt, `expected 200 and the user, got ${answer.status} and ${shown(answer.json)}`);
  },
};

const order: Check = {
  id: 'patch/order',
  title: 'Operations are applied in their order',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-10'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, names } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = names;
    const [first, second] = [trial.name('first'), trial.name('second')];
    const body = patch(
      { op: 'replace', path: one, value: first },
      { op: 'replace', path: one, value: second },
      { op: 'remove', path: other },
      { op: 'add', path: other, value: first },
    );
    const answer = await trial.send('PATCH', user.path, body);
    const told = `a PATCH with four operations should succeed; it got ${came(answer)}`;
    if (!trial.holds('RFC7644-3.5.2-10', succeeded(answer), told)) return;
    const now = await current(trial, user);
    const message = (name: string, value: string) =>
      `${name} should end as ${shown(value)}; it is ${shown(at(now, name))}`;
    trial.holds('RFC7644-3.5.2-10', at(now, one) === second, message(one, second), answer);
    trial.holds('RFC7644-3.5.2-10', at(now, other) === first, message(other, first), answer);
  },
};

const primary: Check = {
  id: 'patch/primary',
  title: 'A value that becomes primary takes the mark from the other',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-11'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name, values, types, hasPrimary, another } = await userWithValues(trial);
    trial.needs(hasPrimary && at(values[0], 'primary') === true, `it does not keep which of its ${name} is primary`);
    const primaries = async () =>
      objects(at(await current(trial, user), name)).flatMap((each) =>
        at(each, 'primary') === true ? [at(each, 'value')] : [],
      );
    const turns: [value: unknown, operation: JsonObject][] = [
      [at(values[1], 'value'), { op: 'replace', path: `${name}[type eq "${types[1]}"].primary`, value: true }],
    ];
    const added: JsonObject = { ...another(types[2]), primary: true };
    turns.push([added.value, { op: 'add', path: name, value: [added] }]);
    for (const [value, operation] of turns) {
      const answer = await trial.send('PATCH', user.path, patch(operation));
      if (!succeeded(answer)) continue;
      const found = await primaries();
      const message = `${shown(value)} became primary, and should be the only one; primary are ${shown(found)}`;
      trial.holds('RFC7644-3.5.2-11', found.length === 1 && found[0] === value, message, answer);
    }
  },
};

const atomic: Check = {
  id: 'patch/atomic',
  title: 'If one operation fails, none is applied',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-12', 'RFC7644-3.5.2-13'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const failing: JsonObject[] = [{ op: 'remove' }, { op: 'replace', path: `${name}[`, value: 'new' }];
    for (const bad of failing) {
      const before = at(await current(trial, user), name);
      const answer = await trial.send(
        'PATCH',
        user.path,
        patch({ op: 'replace', path: name, value: trial.name('new') }, bad),
      );
      // That it fails at all is looked at elsewhere.
      if (succeeded(answer)) continue;
      const message = `the operation ${shown(bad)} fails; expected an error and its body, got ${came(answer)}`;
      const isError = refused(answer) && Number(at(answer.json, 'status')) === answer.status;
      trial.holds('RFC7644-3.5.2-13', isError, message);
      const now = at(await current(trial, user), name);
      const told = `the second operation failed, so ${name} should stay ${shown(before)}; it is ${shown(now)}`;
      trial.holds('RFC7644-3.5.2-12', now === before, told, answer);
    }
  },
};

const byUrn: Check = {
  id: 'patch/urn',
  title: 'An attribute given by its full URN brings its schema with it',
  feature: 'patch',
  requirements: ['RFC7644-3.5.2-8'],
  unless: (server) => noPatch(server) ?? (extensionText(server) ? null : 'its users have no extension with plain text'),
  async run(trial: Trial) {
    const extension = extensionText(trial.server);
    trial.needs(extension !== null, 'its users have no extension with plain text');
    const { urn, name, path } = extension;
    const value = trial.name('extended');
    const keeper = await trial.makeUser({ [urn]: { [name]: value } });
    trial.needs(at(await current(trial, keeper), urn, name) === value, `it does not keep ${path}`);
    const user = await trial.makeUser();
    const answer = await trial.send('PATCH', user.path, patch({ op: 'add', path, value }));
    const now = await current(trial, user);
    const kept = at(now, urn, name);
    const message = `${path} should be ${shown(value)}; the PATCH got ${came(answer)}, it is ${shown(kept)}`;
    if (!trial.holds('RFC7644-3.5.2-8', succeeded(answer) && kept === value, message, answer)) return;
    const urns = strings(at(now, 'schemas'));
    const isNamed = urns.some((each) => each.toLowerCase() === urn.toLowerCase());
    trial.holds('RFC7644-3.5.2-8', isNamed, `schemas should name ${urn}; they are ${shown(urns)}`);
  },
};

const pathCase: Check = {
  id: 'patch/path-case',
  title: 'Names in paths are case insensitive',
  feature: 'patch',
  requirements: ['RFC7644-3.10-6'],
  unless: noPatch,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const value = trial.name('new');
    const path = otherCase(name);
    const answer = await trial.send('PATCH', user.path, patch({ op: 'replace', path, value }));
    const now = at(await current(trial, user), name);
    const message = `a PATCH of ${path} should change ${name}; it got ${came(answer)}, and it is ${shown(now)}`;
    trial.holds('RFC7644-3.10-6', succeeded(answer) && now === value, message, answer);
  },
};

function has(json: unknown, name: string): boolean {
  return at(json, name) !== undefined;
}

export const checks: readonly Check[] = [supported, answer, chosen, order, primary, atomic, byUrn, pathCase];
