import type { Check, Trial } from '../../trial.ts';
import { at, object, resources, shown, text, USER } from '../reading.ts';
import { endpointOf } from '../schemas/samples.ts';

const configuration: Check = {
  id: 'cursor/configuration',
  title: 'The configuration says how the server pages',
  feature: 'cursor',
  requirements: [1, 2, 3, 4, 5, 6].map((each) => `RFC9865-4-${each}`),
  async run(trial: Trial) {
    const pagination = object(trial.server.serviceProviderConfig?.pagination);
    await trial.makeUser();
    await trial.makeUser();
    const first = await trial.send('GET', `${endpointOf(trial.server, USER)}?cursor=&count=1`);
    const works = first.status === 200 && text(at(first.json, 'nextCursor')) !== null;
    trial.needs(works || pagination !== null, 'it has no cursor paging');
    const spc = await trial.send('GET', '/ServiceProviderConfig');
    trial.holds('RFC9865-4-1', pagination !== null, 'it pages by cursor, and its configuration has no pagination');
    if (!pagination) return;
    for (const [name, requirement] of [
      ['cursor', 'RFC9865-4-2'],
      ['index', 'RFC9865-4-3'],
    ] as const)
      trial.holds(
        requirement,
        typeof pagination[name] === 'boolean',
        `pagination.${name} should be a boolean; it is ${shown(pagination[name])}`,
        spc,
      );
    const method = pagination.defaultPaginationMethod;
    if (method !== undefined)
      trial.holds(
        'RFC9865-4-4',
        method === 'cursor' || method === 'index',
        `pagination.defaultPaginationMethod should be cursor or index; it is ${shown(method)}`,
        spc,
      );
    for (const name of ['defaultPageSize', 'maxPageSize', 'cursorTimeout']) {
      const value = pagination[name];
      const fits = value === undefined || value === null || (Number.isInteger(value) && Number(value) > 0);
      trial.holds('RFC9865-4-5', fits, `pagination.${name} should be a positive integer; it is ${shown(value)}`, spc);
    }
    const most = pagination.maxPageSize;
    // Nobody's users are listed by the thousand for this.
    if (typeof most !== 'number' || most > 200 || pagination.cursor !== true) return;
    const page = await trial.send('GET', `${endpointOf(trial.server, USER)}?cursor=&count=${most + 1}&attributes=id`);
    trial.holds(
      'RFC9865-4-6',
      resources(page).length <= most,
      `maxPageSize is ${most}, and a page has ${resources(page).length} resources`,
    );
  },
};

export const checks: readonly Check[] = [configuration];
