/** RFC 7644 sections 1.2, 3.1, 3.8 and 8.1: JSON in UTF-8, its media types, its shapes, and the URLs in it. */
import type { Exchange } from '../model.ts';
import type { Attribute, Check, Json, JsonObject, Trial } from '../trial.ts';
import { at, came, object, objects, shown, strings, text } from './reading.ts';

const LETTERS = 'Jürgen Ñandú-Łukasz 渡辺 אבג 🚲';

const letters: Check = {
  id: 'http/utf-8',
  title: 'Letters of all scripts are taken without a charset and come back as they were',
  feature: 'http',
  requirements: ['RFC7644-3.8-1', 'RFC7644-3.8-2'],
  unless: (server) => (server.attribute('User', 'displayName') ? null : 'its users have no displayName'),
  async run(trial: Trial) {
    const made = await trial.send('POST', '/Users', trial.userBody({ displayName: LETTERS }));
    trial.needs(made.status === 201, `a user with such a name is not taken: ${came(made)}`);
    const read = await trial.send('GET', `/Users/${encodeURIComponent(text(at(made.json, 'id')) ?? '')}`);
    trial.needs(read.status === 200, `what was made cannot be read: ${came(read)}`);
    const name = at(read.json, 'displayName');
    trial.needs(text(name) !== null, 'it does not keep displayName');
    // Another Unicode form of the same letters is not another encoding.
    const isSame = String(name).normalize('NFC') === LETTERS.normalize('NFC');
    for (const id of ['RFC7644-3.8-1', 'RFC7644-3.8-2'])
      trial.holds(id, isSame, `expected ${shown(LETTERS)} back, got ${shown(name)}`);
  },
};

const accepted: Check = {
  id: 'http/accept',
  title: 'Answers are given as application/scim+json and as application/json, whichever is asked for',
  feature: 'http',
  requirements: ['RFC7644-3.8-4', 'RFC7644-3.8-5'],
  async run(trial: Trial) {
    const { path } = await trial.makeUser();
    for (const [type, requirement] of [
      ['application/scim+json', 'RFC7644-3.8-4'],
      ['application/json', 'RFC7644-3.8-5'],
    ] as const) {
      const answer = await trial.send('GET', path, undefined, { headers: { accept: type } });
      const isGiven = answer.status === 200 && object(answer.json) !== null;
      trial.holds(requirement, isGiven, `expected the user as JSON for "Accept: ${type}", got ${came(answer)}`);
      if (!isGiven) continue;
      const fits = ['application/scim+json', 'application/json'].includes(mediaType(answer));
      trial.holds(requirement, fits, `expected the media type of JSON, got ${shown(answer.headers['content-type'])}`);
    }
  },
};

const unasked: Check = {
  id: 'http/default-format',
  title: 'Without an Accept header, the answer is application/scim+json',
  feature: 'http',
  requirements: ['RFC7644-3.8-6'],
  async run(trial: Trial) {
    const { path } = await trial.makeUser();
    const answer = await trial.send('GET', path, undefined, { headers: { accept: '' } });
    const isIt = answer.status === 200 && mediaType(answer) === 'application/scim+json';
    const type = shown(answer.headers['content-type']);
    trial.holds('RFC7644-3.8-6', isIt, `expected 200 as application/scim+json, got ${came(answer)} as ${type}`);
  },
};

const media: Check = {
  id: 'http/media-type',
  title: 'Resources, lists and errors have the media type application/scim+json',
  feature: 'http',
  requirements: ['RFC7644-8.1-1'],
  async run(trial: Trial) {
    const { path, exchange } = await trial.makeUser();
    const answers = [
      exchange,
      await trial.send('GET', path),
      await trial.send('GET', '/Users?startIndex=1&count=1'),
      await trial.send('GET', `/Users/${trial.name('nobody')}`),
    ];
    const wrong = answers.filter((each) => each.body !== '' && mediaType(each) !== 'application/scim+json');
    const told = wrong.map((each) => `${each.method} (${each.status}) ${shown(each.headers['content-type'])}`);
    const message = `expected application/scim+json in every answer, got ${told.join(', ')}`;
    trial.holds('RFC7644-8.1-1', wrong.length === 0, message, wrong[0]);
  },
};

function mediaType({ headers }: Exchange): string {
  return (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

const API = 'urn:ietf:params:scim:api:';

const messages: Check = {
  id: 'http/messages',
  title: 'Lists and errors name their kind in schemas',
  feature: 'http',
  requirements: ['RFC7644-3.1-1'],
  async run(trial: Trial) {
    const list = await trial.send('GET', '/Users?startIndex=1&count=1');
    const error = await trial.send('GET', `/Users/${trial.name('nobody')}`);
    for (const answer of [list, error]) {
      if (!object(answer.json)) continue;
      const schemas = at(answer.json, 'schemas');
      const names = strings(schemas).some((each) => each.toLowerCase().startsWith(API));
      trial.holds(
        'RFC7644-3.1-1',
        names,
        `expected a URN that begins with ${API} in schemas, got ${shown(schemas)}`,
        answer,
      );
    }
  },
};

const shapes: Check = {
  id: 'http/shapes',
  title: 'Multi-valued attributes are arrays, complex ones objects, as their schema says',
  feature: 'http',
  requirements: ['RFC7644-3.8-7', 'RFC7644-3.8-8'],
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const answers = [user.exchange, await trial.send('GET', user.path)];
    for (const answer of answers)
      for (const [name, value] of Object.entries(object(answer.json) ?? {})) {
        const attribute = trial.server.attribute('User', name);
        if (attribute) shape(trial, answer, name, attribute, value);
      }
  },
};

function shape(trial: Trial, answer: Exchange, name: string, attribute: Attribute, value: Json): void {
  if (value === null) return;
  const fits = Array.isArray(value) === attribute.multiValued;
  const wanted = attribute.multiValued ? 'an array' : 'no array';
  trial.holds('RFC7644-3.8-7', fits, `expected ${wanted} for ${name}, got ${shown(value)}`, answer);
  if (attribute.type !== 'complex') return;
  for (const each of Array.isArray(value) ? value : [value]) {
    const inner = object(each);
    trial.holds('RFC7644-3.8-8', inner !== null, `expected an object for ${name}, got ${shown(each)}`, answer);
    for (const [key, innerValue] of Object.entries(inner ?? {})) {
      const sub = attribute.subAttributes.find((one) => one.name.toLowerCase() === key.toLowerCase());
      if (sub) shape(trial, answer, `${name}.${key}`, sub, innerValue);
    }
  }
}

const urls: Check = {
  id: 'http/urls',
  title: 'URLs in answers are percent-encoded',
  feature: 'http',
  requirements: ['RFC7644-1.2-1'],
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const answers = [user.exchange, await trial.send('GET', user.path)];
    if (trial.server.hasGroups) {
      const group = await trial.makeGroup({ members: [{ value: user.id }] });
      answers.push(group.exchange, await trial.send('GET', user.path));
    }
    for (const path of ['/ResourceTypes', '/Schemas']) answers.push(await trial.send('GET', path));
    for (const answer of answers) {
      const wrong = [text(answer.headers.location), ...urlsIn(answer.json)].filter(
        (url) => url !== null && !isEncoded(url),
      );
      trial.holds(
        'RFC7644-1.2-1',
        wrong.length === 0,
        `expected percent-encoding (RFC 3986), got ${shown(wrong[0])}`,
        answer,
      );
    }
  },
};

/** Of the server's making: where resources are, and what references them. */
function urlsIn(json: unknown): (string | null)[] {
  const one = (resource: JsonObject) => [
    text(at(resource, 'meta', 'location')),
    ...['members', 'groups'].flatMap((name) => objects(at(resource, name)).map((each) => text(at(each, '$ref')))),
  ];
  const top = object(json);
  if (!top) return [];
  return [...one(top), ...objects(at(top, 'Resources')).flatMap(one)];
}

function isEncoded(url: string): boolean {
  return /^(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9a-f]{2})*$/i.test(url);
}

export const checks: readonly Check[] = [letters, accepted, unasked, media, messages, shapes, urls];
