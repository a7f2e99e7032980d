/** RFC 7644 sections 3.4.2.5 and 3.9: which attributes an answer holds. */
import type { Exchange } from '../model.ts';
import type { Attribute, Check, JsonObject, Made, Server, Trial } from '../trial.ts';
import { visibleUser } from './finding.ts';
import { noPatch } from './patch-general.ts';
import { endpointOf, userWithName, userWithTexts } from './picking.ts';
import {
  at,
  came,
  current,
  filtered,
  object,
  objects,
  patch,
  quoted,
  resources,
  sent,
  shown,
  succeeded,
  text,
  USER,
} from './reading.ts';

/** Of users; those of sub-attributes are another matter. */
export function returned(server: Server, how: string): Attribute[] {
  const attributes = server.schemas.get(USER.toLowerCase())?.attributes ?? [];
  return attributes.filter((each) => each.returned === how);
}

/** Notes whether an answer shows `id`, `userName` and what is returned always, and not `others`. */
export function chosen(
  trial: Trial,
  requirement: string,
  json: unknown,
  others: readonly string[],
  what: string,
  exchange?: Exchange,
): boolean {
  const always = ['id', ...returned(trial.server, 'always').map(({ name }) => name)];
  const isThere = trial.holds(
    requirement,
    at(json, 'userName') !== undefined && at(json, 'id') !== undefined,
    () => `${what} should show id and userName; it shows ${names(json)}`,
    exchange,
  );
  if (!isThere) return false;
  const extra = others.filter((name) => at(json, name) !== undefined && !always.includes(name));
  return trial.holds(
    requirement,
    extra.length === 0,
    () => `${what} should not show ${extra.join(', ')}; it shows ${names(json)}`,
    exchange,
  );
}

/** With these parameters, which every server supports (section 3.4.2.5). */
export async function reading(trial: Trial, requirement: string, { path }: Made, query: string): Promise<unknown> {
  const answer = await trial.send('GET', `${path}${query}`);
  trial.holds(
    requirement,
    answer.status === 200,
    `a GET with ${query} should be answered with 200; it got ${came(answer)}`,
  );
  return answer.json;
}

export const names = (json: unknown) => Object.keys(object(json) ?? {}).join(', ') || shown(json);

const attributes: Check = {
  id: 'projection/attributes',
  title: 'A resource shows the attributes that are asked for, and those returned always',
  feature: 'projection',
  requirements: ['RFC7644-3.9-1', 'RFC7644-3.10-5', 'RFC7643-7-19'],
  async run(trial: Trial) {
    const { user, names: texts } = await userWithTexts(trial, 1);
    const read = await reading(trial, 'RFC7644-3.9-1', user, '?attributes=userName');
    chosen(trial, 'RFC7644-3.9-1', read, texts, '?attributes=userName');
    trial.holds('RFC7643-7-19', at(read, 'id') === user.id, `id should be shown always; shown are ${names(read)}`);
    const two = await reading(trial, 'RFC7644-3.9-1', user, `?attributes=userName,${texts[0]}`);
    const kept = at(two, texts[0] ?? '');
    trial.holds('RFC7644-3.9-1', kept !== undefined, `${texts[0]} was asked for; shown are ${names(two)}`);
    const loud = await reading(trial, 'RFC7644-3.10-5', user, '?attributes=USERNAME');
    trial.holds(
      'RFC7644-3.10-5',
      at(loud, 'userName') !== undefined,
      `USERNAME should show userName; shown are ${names(loud)}`,
    );
  },
};

const parts: Check = {
  id: 'projection/parts',
  title: 'A part of a complex attribute is shown without the others',
  feature: 'projection',
  requirements: ['RFC7644-3.9-5'],
  async run(trial: Trial) {
    const user = await userWithName(trial);
    const read = await reading(trial, 'RFC7644-3.9-5', user, '?attributes=name.familyName');
    const name = at(read, 'name');
    const isAlways = trial.server.attribute('User', 'name.givenName')?.returned === 'always';
    const hasOther = at(name, 'givenName') !== undefined && !isAlways;
    const message = `?attributes=name.familyName should show that alone; name is ${shown(name)}`;
    trial.holds('RFC7644-3.9-5', at(name, 'familyName') !== undefined && !hasOther, message);
  },
};

const excluded: Check = {
  id: 'projection/excluded',
  title: 'A resource lacks what is excluded, and nothing else',
  feature: 'projection',
  requirements: ['RFC7644-3.9-2', 'RFC7644-3.9-3', 'RFC7644-3.10-5', 'RFC7643-7-19'],
  async run(trial: Trial) {
    const { user, names: texts } = await userWithTexts(trial, 2);
    const [one = '', other = ''] = texts;
    trial.needs(trial.server.attribute('User', one)?.returned === 'default', `${one} is shown always`);
    const whole = await current(trial, user);
    const read = await reading(trial, 'RFC7644-3.9-2', user, `?excludedAttributes=${one}`);
    trial.holds('RFC7644-3.9-2', at(read, one) === undefined, `${one} was excluded, and is ${shown(at(read, one))}`);
    const lost = Object.keys(whole).filter((name) => name !== one && at(read, name) === undefined);
    trial.holds('RFC7644-3.9-2', lost.length === 0, `only ${one} was excluded; ${lost.join(', ')} are missing too`);
    const always = await reading(trial, 'RFC7644-3.9-3', user, `?excludedAttributes=id,${one}`);
    const told = `id should be shown always; shown are ${names(always)}`;
    trial.holds('RFC7644-3.9-3', at(always, 'id') === user.id, told);
    trial.holds('RFC7643-7-19', at(always, 'id') === user.id, told);
    const loud = await reading(trial, 'RFC7644-3.10-5', user, `?excludedAttributes=${one.toUpperCase()}`);
    const isGone = at(loud, one) === undefined && at(loud, other) !== undefined;
    trial.holds('RFC7644-3.10-5', isGone, `${one.toUpperCase()} should exclude ${one}; shown are ${names(loud)}`);
  },
};

const lists: Check = {
  id: 'projection/lists',
  title: 'Lists show the attributes that are asked for',
  feature: 'projection',
  requirements: ['RFC7644-3.4.2.5-1', 'RFC7644-3.4.2.5-2', 'RFC7644-3.4.2.5-3'],
  async run(trial: Trial) {
    const { user, names: texts } = await userWithTexts(trial, 1);
    const [name = ''] = texts;
    const own = trial.server.supports.filter
      ? `${filtered(`userName eq ${quoted(String(sent(user).userName))}`)}&`
      : 'count=5&';
    if (trial.server.supports.filter) await visibleUser(trial, user);
    const list = async (requirement: string, query: string): Promise<JsonObject[]> => {
      const answer = await trial.send('GET', `${endpointOf(trial.server, 'User')}?${own}${query}`);
      const found = resources(answer);
      trial.holds(requirement, found.length > 0, `a list with ${query} got ${came(answer)} and no resources`);
      return found;
    };
    // The first that is wrong will do: the others may be other people's.
    for (const each of await list('RFC7644-3.4.2.5-1', 'attributes=userName'))
      if (!chosen(trial, 'RFC7644-3.4.2.5-1', each, [name, 'emails'], 'the list')) break;
    for (const each of await list('RFC7644-3.4.2.5-2', `excludedAttributes=id,${name}`)) {
      const isAlways = trial.server.attribute('User', name)?.returned === 'always';
      const isGone = isAlways || at(each, name) === undefined;
      const hasId = text(at(each, 'id')) !== null;
      trial.holds('RFC7644-3.4.2.5-2', isGone, `${name} was excluded; shown are ${names(each)}`);
      trial.holds('RFC7644-3.4.2.5-3', hasId, `id is shown always; shown are ${names(each)}`);
      if (!isGone || !hasId) break;
    }
  },
};

const writes: Check = {
  id: 'projection/writes',
  title: 'Answers to POST, PUT and PATCH show the attributes that are asked for',
  feature: 'projection',
  requirements: ['RFC7644-3.9-4'],
  async run(trial: Trial) {
    const { user, names: texts } = await userWithTexts(trial, 1);
    const [name = ''] = texts;
    const query = '?attributes=userName';
    const path = `${endpointOf(trial.server, 'User')}${query}`;
    const answers: [string, Made['exchange']][] = [
      ['POST', await trial.send('POST', path, trial.userBody({ [name]: trial.name() }))],
      ['PUT', await trial.send('PUT', `${user.path}${query}`, sent(user))],
    ];
    if (!noPatch(trial.server)) {
      const body = patch({ op: 'replace', path: name, value: trial.name('new') });
      answers.push(['PATCH', await trial.send('PATCH', `${user.path}${query}`, body)]);
    }
    for (const [method, answer] of answers)
      if (succeeded(answer) && object(answer.json))
        chosen(trial, 'RFC7644-3.9-4', answer.json, [name, 'emails'], `a ${method} with ${query}`, answer);
  },
};

const values: Check = {
  id: 'projection/values',
  title: 'A part of a multi-valued attribute is shown for every value',
  feature: 'projection',
  requirements: ['RFC7644-3.9-5'],
  unless: (server) => (server.attribute('User', 'emails.value') ? null : 'its users have no emails'),
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const count = objects(at(await current(trial, user), 'emails')).length;
    trial.needs(count > 0, 'it keeps no e-mail address of a user');
    const found = objects(at(await reading(trial, 'RFC7644-3.9-5', user, '?attributes=emails.value'), 'emails'));
    const isAlways = trial.server.attribute('User', 'emails.type')?.returned === 'always';
    const isAlone = (each: JsonObject) => isAlways || at(each, 'type') === undefined;
    const isAll = found.length === count && found.every((each) => at(each, 'value') !== undefined && isAlone(each));
    const told = `?attributes=emails.value should show ${count} values, nothing else of them; it shows ${shown(found)}`;
    trial.holds('RFC7644-3.9-5', isAll, told);
  },
};

export const checks: readonly Check[] = [attributes, parts, values, excluded, lists, writes];
