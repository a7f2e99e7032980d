/** RFC 7643 sections 2, 3.3, 6 and 7: whether resources are what their schemas say. */
import type { Check, JsonObject, Server, Trial } from '../../trial.ts';
import { at, came, current, ENTERPRISE, GROUP, object, shown, strings, USER } from '../reading.ts';
import { isSchema } from './configuration.ts';
import { CONFORMITY, discrepancies } from './conformity.ts';
import { endpointOf, fullBody, fullUser, hasExtension } from './samples.ts';

const conformity: Check = {
  id: 'schemas/conformity',
  title: 'Users and groups have the attributes that their schemas define, in the types that they define',
  feature: 'schemas',
  requirements: CONFORMITY,
  async run(trial: Trial) {
    trial.needs(await isSchema(trial, USER), 'it does not publish the schema of users');
    const user = await fullUser(trial);
    const answers: [string, JsonObject][] = [
      [USER, user.resource],
      [USER, await current(trial, user)],
    ];
    if (trial.server.hasGroups && (await isSchema(trial, GROUP))) {
      const group = await trial.makeGroup({ members: [{ value: user.id }] });
      answers.push([GROUP, await current(trial, group)], [USER, await current(trial, user)]);
    }
    for (const [schema, resource] of answers) {
      const found = discrepancies(trial.server, schema, resource);
      for (const requirement of CONFORMITY) {
        const of = found.filter((each) => each.requirement === requirement);
        if (of.length === 0) trial.holds(requirement, true, '');
        for (const { message } of of) trial.holds(requirement, false, message);
      }
    }
  },
};

const published: Check = {
  id: 'schemas/published',
  title: 'Every schema that a resource names can be read',
  feature: 'schemas',
  requirements: ['RFC7643-7-1'],
  async run(trial: Trial) {
    const list = await trial.send('GET', '/Schemas');
    // discovery/schemas says so.
    trial.needs(list.status === 200, `/Schemas is not answered: ${came(list)}`);
    const user = await fullUser(trial);
    const urns = new Set(strings(at(user.resource, 'schemas')));
    if (trial.server.hasGroups)
      for (const each of strings(at((await trial.makeGroup()).resource, 'schemas'))) urns.add(each);
    for (const urn of urns)
      trial.holds('RFC7643-7-1', await isSchema(trial, urn), `${urn} should be found at /Schemas`);
  },
};

const requiredExtensions: Check = {
  id: 'schemas/required-extensions',
  title: 'Resources contain the extensions that their type requires',
  feature: 'schemas',
  requirements: ['RFC7643-6-8'],
  unless: (server) => (required(server, USER).length > 0 ? null : 'its users require no extension'),
  async run(trial: Trial) {
    const user = await current(trial, await trial.makeUser());
    for (const urn of required(trial.server, USER))
      trial.holds('RFC7643-6-8', object(at(user, urn)) !== null, `a user should contain ${urn}`);
  },
};

function required({ resourceTypes }: Server, schema: string): string[] {
  const type = resourceTypes.find((each) => each.schema.toLowerCase() === schema.toLowerCase());
  return (type?.schemaExtensions ?? []).flatMap((each) => (each.required ? [each.schema] : []));
}

const extension: Check = {
  id: 'schemas/extension',
  title: 'What belongs to an extension stands under its URI, which schemas names',
  feature: 'schemas',
  requirements: ['RFC7643-3.3-3', 'RFC7643-3-3'],
  unless: lacksExtended('department'),
  async run(trial: Trial) {
    const made = await trial.makeUser({ [ENTERPRISE]: { department: 'Sales' } });
    const user = await current(trial, made);
    const department = at(user, ENTERPRISE, 'department');
    trial.holds(
      'RFC7643-3.3-3',
      department === 'Sales',
      `department should stand under ${ENTERPRISE}; there is ${shown(at(user, ENTERPRISE))}`,
    );
    if (trial.server.attribute('User', 'department') === null)
      trial.holds(
        'RFC7643-3.3-3',
        at(user, 'department') === undefined,
        'department should not stand among the core attributes',
      );
    if (department === undefined) return;
    const named = strings(at(user, 'schemas')).some((each) => each.toLowerCase() === ENTERPRISE.toLowerCase());
    trial.holds('RFC7643-3-3', named, `schemas should name ${ENTERPRISE}; it is ${shown(at(user, 'schemas'))}`);
  },
};

const order: Check = {
  id: 'create/order',
  title: 'Neither the order of members nor that of schemas matters',
  feature: 'create',
  requirements: ['RFC7643-2.3.8-1', 'RFC7643-3-5'],
  async run(trial: Trial) {
    const body = fullBody(trial);
    const plain = await trial.send('POST', endpointOf(trial.server, USER), body);
    trial.needs(plain.status === 201, `it does not take the body in the usual order: ${came(plain)}`);
    // The same values again are another user's.
    const other = { ...body, ...fresh(trial) };
    const reversed = Object.fromEntries(Object.entries(other).reverse());
    const first = await trial.send('POST', endpointOf(trial.server, USER), reversed);
    trial.holds(
      'RFC7643-2.3.8-1',
      first.status === 201,
      `with its members in reverse order the body should be taken as well; got ${came(first)}`,
    );
    const urns = strings(body.schemas);
    if (urns.length < 2) return;
    const turned = { ...body, ...fresh(trial), schemas: [...urns].reverse() };
    const second = await trial.send('POST', endpointOf(trial.server, USER), turned);
    trial.holds(
      'RFC7643-3-5',
      second.status === 201,
      `with schemas in reverse order the body should be taken as well; got ${came(second)}`,
    );
  },
};

function fresh(trial: Trial): JsonObject {
  const { userName, emails } = trial.userBody();
  return { ...(userName !== undefined && { userName }), ...(emails !== undefined && { emails }) };
}

function lacksExtended(name: string) {
  return (server: Server) =>
    hasExtension(server) && server.attribute('User', `${ENTERPRISE}:${name}`)
      ? null
      : `its users have no ${name} of the enterprise extension`;
}

export const checks: readonly Check[] = [conformity, published, requiredExtensions, extension, order];
