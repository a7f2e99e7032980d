/** RFC 7643 sections 2 and 7: nothing, primary, unique and the other characteristics, as they show in users. */
import type { Check, Json, JsonObject, Server, Trial } from '../../trial.ts';
import { at, came, current, GROUP, objects, refused, replace, shown, succeeded, USER, unassigned } from '../reading.ts';
import { endpointOf, fullUser } from './samples.ts';

const nothing: Check = {
  id: 'schemas/null',
  title: 'null and an empty array mean that there is nothing',
  feature: 'schemas',
  requirements: ['RFC7643-2.5-1', 'RFC7643-2.5-2'],
  unless: (server) => (optional(server) ? null : 'its schema has no attribute to try it with'),
  async run(trial: Trial) {
    const { single, plural } = optional(trial.server) ?? {};
    const empty = { ...(single && { [single]: null }), ...(plural && { [plural]: [] }) };
    const made = await trial.send('POST', endpointOf(trial.server, USER), trial.userBody(empty));
    if (
      trial.holds(
        'RFC7643-2.5-1',
        made.status === 201,
        `${shown(empty)} should mean the same as leaving that out; got ${came(made)}`,
      )
    )
      for (const name of Object.keys(empty))
        trial.holds(
          'RFC7643-2.5-1',
          unassigned(at(made.json, name)),
          `${name} should be unassigned; it is ${shown(at(made.json, name))}`,
        );
    // Of null in a PUT, replace/null tells.
    else return;
    const full = { ...(single && { [single]: 'Something' }), ...(plural && { [plural]: [PLURAL[plural] ?? {}] }) };
    const user = await trial.makeUser(full);
    const answer = await replace(trial, user, empty);
    const now = await current(trial, user);
    for (const name of Object.keys(empty))
      trial.holds(
        'RFC7643-2.5-2',
        succeeded(answer) && unassigned(at(now, name)),
        `a PUT with ${shown(empty)} (${came(answer)}) should leave ${name} unassigned; it is ${shown(at(now, name))}`,
      );
  },
};

const PLURAL: Record<string, JsonObject> = {
  phoneNumbers: { value: 'tel:+1-201-555-0123', type: 'work' },
  ims: { value: 'jane', type: 'xmpp' },
};

function optional(server: Server): { single?: string; plural?: string } | null {
  const fits = (name: string) => {
    const attribute = server.attribute('User', name);
    return attribute !== null && !attribute.required && attribute.mutability === 'readWrite';
  };
  const single = ['nickName', 'title', 'userType'].find(fits);
  const plural = Object.keys(PLURAL).find((each) => fits(each) && server.attribute('User', `${each}.value`) !== null);
  return single || plural ? { ...(single && { single }), ...(plural && { plural }) } : null;
}

const primary: Check = {
  id: 'schemas/primary',
  title: 'One value at most is the primary one',
  feature: 'schemas',
  requirements: ['RFC7643-2.4-3'],
  unless: (server) => (server.attribute('User', 'emails.primary') ? null : 'its e-mail addresses have no primary'),
  async run(trial: Trial) {
    const name = trial.name();
    const emails = ['work', 'home'].map((type) => ({ value: `${name}-${type}@example.com`, type, primary: true }));
    const answer = await trial.send('POST', endpointOf(trial.server, USER), trial.userBody({ emails }));
    if (answer.status !== 201) {
      trial.holds(
        'RFC7643-2.4-3',
        refused(answer),
        `two primary addresses should be refused or put right; got ${came(answer)}`,
      );
      return;
    }
    const count = objects(at(answer.json, 'emails')).filter((each) => at(each, 'primary') === true).length;
    trial.holds(
      'RFC7643-2.4-3',
      count <= 1,
      `two primary addresses should be refused or put right; ${count} are primary`,
    );
  },
};

const doubles: Check = {
  id: 'schemas/doubles',
  title: 'The same value with the same type is returned once',
  feature: 'schemas',
  requirements: ['RFC7643-2.4-7'],
  unless: (server) => (server.attribute('User', 'emails.type') ? null : 'its e-mail addresses have no type'),
  async run(trial: Trial) {
    const email = { value: `${trial.name()}@example.com`, type: 'work' };
    const answer = await trial.send(
      'POST',
      endpointOf(trial.server, USER),
      trial.userBody({ emails: [email, { ...email }] }),
    );
    trial.needs(answer.status === 201, `it does not take the same address twice: ${came(answer)}`);
    const same = objects(at(answer.json, 'emails')).filter(
      (each) => at(each, 'value') === email.value && at(each, 'type') === 'work',
    );
    trial.holds(
      'RFC7643-2.4-7',
      same.length <= 1,
      `the same address of the same type is returned ${same.length} times`,
    );
  },
};

const returned: Check = {
  id: 'schemas/returned',
  title: 'Attributes are returned always, never or on request, as their schema says',
  feature: 'projection',
  requirements: ['RFC7643-7-19', 'RFC7643-7-20', 'RFC7643-7-21'],
  async run(trial: Trial) {
    const user = await fullUser(trial);
    const plain = await current(trial, user);
    const of = (keyword: string) =>
      declared(trial.server)
        .filter((each) => each.returned === keyword)
        .map((each) => each.path);
    for (const path of of('request'))
      trial.holds(
        'RFC7643-7-21',
        unassigned(at(plain, ...path)),
        `${path.join(':')} is returned on request, and was not asked for`,
      );
    for (const path of of('never')) {
      const asked = await current(trial, user, `?attributes=${encodeURIComponent(path.join(':'))}`);
      const shows = [plain, asked].some((each) => !unassigned(at(each, ...path)));
      trial.holds('RFC7643-7-20', !shows, `${path.join(':')} is never returned, and is in the answer`);
    }
    const attribute = trial.server.attribute('User', 'displayName') ? 'displayName' : 'userName';
    const chosen = await current(trial, user, `?attributes=${attribute}`);
    for (const path of [['id'], ...of('always')])
      trial.holds(
        'RFC7643-7-19',
        unassigned(at(plain, ...path)) || !unassigned(at(chosen, ...path)),
        `${path.join(':')} is returned always, and is missing where ?attributes=${attribute} was asked for`,
      );
  },
};

/** Attributes of users at the top of their schema, extensions included. */
function declared(server: Server) {
  const type = server.resourceTypes.find((each) => each.schema.toLowerCase() === USER.toLowerCase());
  const urns = (type?.schemaExtensions ?? []).map((each) => each.schema);
  const of = (urn: string, start: string[]) =>
    (server.schemas.get(urn.toLowerCase())?.attributes ?? []).map((each) => ({ ...each, path: [...start, each.name] }));
  return [...of(USER, []), ...urns.flatMap((urn) => of(urn, [urn]))];
}

const immutable: Check = {
  id: 'schemas/immutable',
  title: 'An immutable attribute keeps its value',
  feature: 'replace',
  requirements: ['RFC7643-7-16'],
  unless: (server) =>
    settable(server, 'immutable').length > 0 ? null : 'its users have no immutable attribute of text',
  async run(trial: Trial) {
    for (const { name } of settable(trial.server, 'immutable')) {
      const user = await trial.makeUser({ [name]: 'first' });
      const answer = await replace(trial, user, { [name]: 'second' });
      const now = at(await current(trial, user), name);
      trial.holds('RFC7643-7-16', now !== 'second', `${name} is immutable, and was changed by a PUT (${came(answer)})`);
    }
  },
};

const readOnly: Check = {
  id: 'schemas/read-only',
  title: "A readOnly attribute is not the client's to write",
  feature: 'replace',
  requirements: ['RFC7643-7-15'],
  async run(trial: Trial) {
    const values: JsonObject = Object.fromEntries(
      settable(trial.server, 'readOnly').map((each): [string, Json] => [each.name, 'of the client']),
    );
    const user = await trial.makeUser();
    const answer = await replace(trial, user, { ...values, meta: { created: '1999-01-01T00:00:00Z' } });
    const now = await current(trial, user);
    const created = at(now, 'meta', 'created');
    trial.holds(
      'RFC7643-7-15',
      created !== '1999-01-01T00:00:00Z',
      `meta.created is readOnly, and was changed by a PUT (${came(answer)})`,
    );
    for (const name of Object.keys(values))
      trial.holds(
        'RFC7643-7-15',
        at(now, name) !== 'of the client',
        `${name} is readOnly, and was changed by a PUT (${came(answer)})`,
      );
  },
};

/** Single texts of users with this mutability. */
function settable(server: Server, mutability: string) {
  return (server.schemas.get(USER.toLowerCase())?.attributes ?? []).filter(
    (each) =>
      each.mutability === mutability &&
      each.type === 'string' &&
      !each.multiValued &&
      !['id', 'externalId'].includes(each.name),
  );
}

const unique: Check = {
  id: 'schemas/unique',
  title: 'What the schema calls unique belongs to one resource',
  feature: 'create',
  requirements: ['RFC7643-7-23'],
  unless: (server) => (uniques(server).length > 0 ? null : 'its schemas call nothing unique but userName'),
  async run(trial: Trial) {
    for (const { schema, urn, name } of uniques(trial.server)) {
      const value = trial.name();
      const content = urn === schema ? { [name]: value } : { [urn]: { [name]: value } };
      await (schema === USER ? trial.makeUser(content) : trial.makeGroup(content));
      const body = schema === USER ? trial.userBody(content) : trial.groupBody(content);
      const again = await trial.send('POST', endpointOf(trial.server, schema), body);
      trial.holds(
        'RFC7643-7-23',
        refused(again),
        `${name} is unique by its schema, and two resources got ${value} (${came(again)})`,
      );
    }
  },
};

function uniques(server: Server) {
  return [USER, GROUP].flatMap((schema) => {
    const type = server.resourceTypes.find((each) => each.schema.toLowerCase() === schema.toLowerCase());
    const urns = type ? [schema, ...type.schemaExtensions.map((each) => each.schema)] : [];
    return urns.flatMap((urn) =>
      (server.schemas.get(urn.toLowerCase())?.attributes ?? []).flatMap(
        ({ name, type: kind, multiValued, mutability, uniqueness }) => {
          const fits =
            kind === 'string' && !multiValued && mutability === 'readWrite' && /^(server|global)$/i.test(uniqueness);
          return fits && !/^(userName|id|externalId)$/i.test(name) ? [{ schema, urn, name }] : [];
        },
      ),
    );
  });
}

export const checks: readonly Check[] = [nothing, primary, doubles, returned, immutable, readOnly, unique];
