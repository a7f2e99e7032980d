/** What Microsoft Entra ID and its gallery ask of lists, pages and schemas. */
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { finds, groups, users } from '../clients.ts';
import { at, came, LIST_RESPONSE, objects, quoted, sent, shown, strings } from '../reading.ts';

const profiles = ['entra'] as const;

const firstPage: Check = {
  id: 'entra/first-page',
  title: 'One user and one group can be asked for',
  feature: 'list',
  profiles,
  requirements: ['ENTRA-36'],
  async run(trial: Trial) {
    await trial.makeUser();
    for (const endpoint of [users(trial.server), ...(trial.server.hasGroups ? [groups(trial.server)] : [])]) {
      const answer = await trial.send('GET', `${endpoint}?count=1`);
      const isList = strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE);
      trial.holds(
        'ENTRA-36',
        answer.status === 200 && isList,
        `200 and a ListResponse were expected; got ${came(answer)}`,
      );
    }
  },
};

const PAGE = 5;

const paging: Check = {
  id: 'entra/paging',
  title: 'Pages say where they begin',
  feature: 'list',
  profiles,
  requirements: ['ENTRA-17'],
  async run(trial: Trial) {
    for (let number = 0; number <= PAGE; number++) await trial.makeUser();
    for (const startIndex of [1, 1 + PAGE]) {
      // Entra reads whole users here; ids will do.
      const answer = await trial.send(
        'GET',
        `${users(trial.server)}?startIndex=${startIndex}&count=${PAGE}&attributes=id`,
      );
      const said = at(answer.json, 'startIndex');
      trial.holds(
        'ENTRA-17',
        answer.status === 200 && said === startIndex,
        `200 and startIndex ${startIndex} were expected; got ${came(answer)} and ${shown(said)}`,
      );
    }
  },
};

const parameter: Check = {
  id: 'entra/parameter',
  title: 'The parameter aadOptscim062020 does no harm',
  feature: 'http',
  profiles,
  requirements: ['ENTRA-33'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const filter = `userName+eq+${encodeURIComponent(quoted(String(sent(made).userName)))}`;
    await finds(trial, 'ENTRA-33', users(trial.server), filter, made, '&aadOptscim062020');
  },
};

/** As the standard writes them. */
const KEYWORDS: Record<string, readonly string[]> = {
  type: ['string', 'boolean', 'decimal', 'integer', 'dateTime', 'binary', 'reference', 'complex'],
  mutability: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  returned: ['always', 'never', 'default', 'request'],
  uniqueness: ['none', 'server', 'global'],
};

const schemas: Check = {
  id: 'entra/schemas',
  title: 'Schemas come as a list, without null, in camel case',
  feature: 'discovery',
  profiles,
  requirements: ['ENTRA-28'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/Schemas');
    const isList =
      strings(at(answer.json, 'schemas')).includes(LIST_RESPONSE) && Array.isArray(at(answer.json, 'Resources'));
    if (
      !trial.holds(
        'ENTRA-28',
        answer.status === 200 && isList,
        `200 and a ListResponse were expected; got ${came(answer)}`,
      )
    )
      return;
    const nulls = nullsIn(answer.json, '');
    trial.holds(
      'ENTRA-28',
      nulls.length === 0,
      `null should be left out; it stands at ${nulls.slice(0, 5).join(', ')}`,
    );
    for (const attribute of objects(at(answer.json, 'Resources')).flatMap((each) => below(at(each, 'attributes'))))
      for (const [name, allowed] of Object.entries(KEYWORDS)) {
        const value = attribute[name];
        if (value !== undefined)
          trial.holds(
            'ENTRA-28',
            typeof value === 'string' && allowed.includes(value),
            `${name} of ${shown(attribute.name)} should be one of ${allowed.join(', ')}; it is ${shown(value)}`,
          );
      }
  },
};

function below(attributes: unknown): JsonObject[] {
  return objects(attributes).flatMap((each) => [each, ...below(each.subAttributes)]);
}

function nullsIn(json: unknown, path: string): string[] {
  if (json === null) return [path];
  if (typeof json !== 'object') return [];
  return Object.entries(json as object).flatMap(([key, value]) => nullsIn(value, path === '' ? key : `${path}.${key}`));
}

export const checks: readonly Check[] = [firstPage, paging, parameter, schemas];
