/** RFC 7644 section 3.3: POST makes a resource, says where it is, ignores what is not the client's, refuses what is there already. */
import type { Exchange } from '../model.ts';
import type { Check, JsonObject, Trial } from '../trial.ts';
import { at, came, object, objects, shown, succeeded, text } from './reading.ts';

type Kind = 'User' | 'Group';

/** Ends the check where the server has none of that kind. */
async function post(trial: Trial, kind: Kind, overrides: JsonObject = {}): Promise<Exchange> {
  if (kind === 'User') return trial.send('POST', '/Users', trial.userBody(overrides));
  return trial.send('POST', '/Groups', trial.groupBody(overrides));
}

const noGroups: Check['unless'] = ({ hasGroups }) => (hasGroups ? null : 'it has no groups');

const location = (kind: Kind): Check => ({
  id: `create/${kind.toLowerCase()}`,
  title: `A created ${kind.toLowerCase()} is answered with 201, the resource and where it is`,
  feature: 'create',
  requirements: ['RFC7644-3.3-2', 'RFC7644-3.3-3', 'RFC7644-3.3-4', 'RFC7644-3.3-5'],
  ...(kind === 'Group' && { unless: noGroups }),
  async run(trial: Trial) {
    const answer = await post(trial, kind);
    trial.holds('RFC7644-3.3-2', answer.status === 201, `expected 201, got ${came(answer)}`);
    trial.needs(succeeded(answer), 'it could not be created');
    const id = text(at(answer.json, 'id'));
    trial.holds('RFC7644-3.3-3', id !== null, `expected the resource with its id, got ${shown(answer.body)}`);
    const header = text(answer.headers.location);
    trial.holds('RFC7644-3.3-4', header !== null, 'expected the header Location; there is none');
    const inBody = text(at(answer.json, 'meta', 'location'));
    trial.holds(
      'RFC7644-3.3-5',
      inBody !== null,
      () => `expected meta.location; meta is ${shown(at(answer.json, 'meta'))}`,
    );
    if (header === null) return;
    if (inBody !== null)
      trial.holds(
        'RFC7644-3.3-5',
        absolute(header, answer) === absolute(inBody, answer),
        `expected the same as in Location, ${shown(header)}; meta.location is ${shown(inBody)}`,
      );
    const uri = absolute(header, answer);
    // Under another name of the host it is not for us to ask: the token was given for this one.
    if (uri === null || new URL(uri).origin !== new URL(answer.url).origin) return;
    const found = await trial.send('GET', uri);
    trial.holds(
      'RFC7644-3.3-4',
      found.status === 200 && (id === null || at(found.json, 'id') === id),
      `expected what was made at ${uri}, the URI in Location; got ${came(found)}`,
    );
  },
});

function absolute(uri: string, { url }: Exchange): string | null {
  return URL.canParse(uri, url) ? new URL(uri, url).href : null;
}

const readOnly: Check = {
  id: 'create/read-only',
  title: 'What a client sends for readOnly attributes is ignored',
  feature: 'create',
  requirements: ['RFC7644-3.3-1'],
  async run(trial: Trial) {
    const requirement = 'RFC7644-3.3-1';
    const id = trial.name('own-id');
    const groups = trial.server.attribute('User', 'groups')?.mutability === 'readOnly';
    const answer = await trial.send(
      'POST',
      '/Users',
      trial.userBody({
        id,
        meta: { resourceType: 'Group', created: '2001-02-03T04:05:06Z', version: 'W/"mine"' },
        ...(groups && { groups: [{ value: id, display: id }] }),
      }),
    );
    const isMade = trial.holds(
      requirement,
      succeeded(answer),
      `expected id, meta and groups in the body to be ignored; got ${came(answer)}`,
    );
    if (!isMade || !object(answer.json)) return;
    const own = at(answer.json, 'id');
    trial.holds(requirement, own !== id, `expected an id of the server's making; it took ${shown(own)}`);
    const created = text(at(answer.json, 'meta', 'created'));
    const isOurs = created !== null && Date.parse(created) === Date.parse('2001-02-03T04:05:06Z');
    trial.holds(requirement, !isOurs, `expected meta.created to be the server's; it took ${shown(created)}`);
    const type = at(answer.json, 'meta', 'resourceType');
    trial.holds(requirement, type !== 'Group', `expected meta.resourceType to be the server's; it took ${shown(type)}`);
    const version = at(answer.json, 'meta', 'version');
    trial.holds(
      requirement,
      version !== 'W/"mine"',
      `expected meta.version to be the server's; it took ${shown(version)}`,
    );
    if (!groups) return;
    const member = objects(at(answer.json, 'groups')).some((each) => at(each, 'value') === id);
    trial.holds(
      requirement,
      !member,
      `expected groups to be the server's; it took ${shown(at(answer.json, 'groups'))}`,
    );
  },
};

const conflict: Check = {
  id: 'create/conflict',
  title: 'A second user of the same name is refused with 409 and "uniqueness"',
  feature: 'create',
  requirements: ['RFC7644-3.3-6', 'RFC7644-3.3-7'],
  async run(trial: Trial) {
    const { resource, exchange } = await trial.makeUser();
    const userName = text(at(JSON.parse(exchange.requestBody ?? '{}'), 'userName')) ?? '';
    // Where the server changed the name, it is the changed one that is taken.
    const taken = text(at(resource, 'userName')) ?? userName;
    const second = await trial.send('POST', '/Users', trial.userBody({ userName: taken }));
    const isRefused = trial.holds(
      'RFC7644-3.3-6',
      second.status === 409,
      `expected 409 for the user name of another user, got ${came(second)}`,
    );
    if (!isRefused) return;
    const scimType = at(second.json, 'scimType');
    trial.holds('RFC7644-3.3-7', scimType === 'uniqueness', `expected scimType "uniqueness", got ${shown(scimType)}`);
  },
};

const resourceType = (kind: Kind): Check => ({
  id: `create/${kind.toLowerCase()}-type`,
  title: `A new ${kind.toLowerCase()} has the type of its endpoint in meta.resourceType`,
  feature: 'create',
  requirements: ['RFC7644-3.3.1-1'],
  ...(kind === 'Group' && { unless: noGroups }),
  async run(trial: Trial) {
    const made = kind === 'User' ? await trial.makeUser() : await trial.makeGroup();
    const read = await trial.send('GET', made.path);
    trial.needs(read.status === 200, `what was made cannot be read: ${came(read)}`);
    const endpoint = `/${kind}s`;
    const expected = trial.server.resourceTypes.find((each) => each.endpoint === endpoint)?.name ?? kind;
    for (const answer of [made.exchange, read]) {
      const type = at(answer.json, 'meta', 'resourceType');
      trial.holds('RFC7644-3.3.1-1', type === expected, `expected ${shown(expected)}, got ${shown(type)}`, answer);
    }
  },
});

export const checks: readonly Check[] = [
  location('User'),
  location('Group'),
  readOnly,
  conflict,
  resourceType('User'),
  resourceType('Group'),
];
