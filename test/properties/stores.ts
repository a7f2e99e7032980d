/** Both stores, filled once for a whole file of properties: a population in each tenant. */
import fc from 'fast-check';
import { afterAll, beforeAll } from 'vitest';
import { openApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { Directory } from '../../src/directory/directory.ts';
import type { ListResponse } from '../../src/directory/list.ts';
import { ScimError } from '../../src/scim/errors.ts';
import type { Resource } from '../../src/scim/projection.ts';
import type { QueryParameters } from '../../src/scim/query.ts';
import type { ResourceType } from '../../src/scim/schema.ts';
import { type Kind, testDatabase } from '../stores.ts';
import { callerOf, type Population, populate, populateWithTexts } from './populations.ts';
import { TIMEOUT } from './runs.ts';
import { TYPES } from './thing.ts';

export interface FilledStore {
  kind: Kind;
  /** All resources of a type, in the order of insertion. */
  all(tenant: number, type: ResourceType): readonly Resource[];
  list(tenant: number, type: ResourceType, query: QueryParameters): Promise<ListResponse>;
}

export const TENANTS = 3;
/** The tenant of `populateWithTexts`. */
export const TEXTS_TENANT = TENANTS;

/** @returns a list that is filled before the first test. */
export function filledStores({ withTexts = false } = {}): readonly FilledStore[] {
  const stores: FilledStore[] = [];
  const drops: (() => Promise<void>)[] = [];
  beforeAll(async () => {
    stores.push(
      ...(await Promise.all(
        (['sqlite', 'postgres'] as const).map(async (kind) => {
          const database = await testDatabase(kind);
          const app = await openApp(readConfig({ LINKSPAN_DATABASE_URL: database.url }));
          drops.push(async () => {
            await app.close();
            await database.drop();
          });
          return filledStore(kind, app.directory, withTexts);
        }),
      )),
    );
  }, TIMEOUT);
  afterAll(() => Promise.all(drops.map((drop) => drop())));
  return stores;
}

async function filledStore(kind: Kind, directory: Directory, withTexts: boolean): Promise<FilledStore> {
  const populations: Population[] = [];
  for (let number = 0; number < TENANTS; number++) populations.push(await populate(directory, number));
  if (withTexts) populations.push(await populateWithTexts(directory));
  return {
    kind,
    all: (tenant, type) => populations[tenant]?.resources.get(type)?.map(byCounter) ?? [],
    list: (tenant, type, query) => directory.list(callerOf(populations[tenant]?.tenant ?? ''), [type], query),
  };
}

/** A version is compared by its counter, whatever others contribute to the entity-tag that is shown. */
const byCounter = (resource: Resource): Resource => ({
  ...resource,
  meta: { ...resource.meta, version: resource.meta.version.replace(/-\w+"$/, '"') },
});

/** Types and tenants by their number, because the input of a failure is printed. */
export const onType = <T>(of: (type: ResourceType) => fc.Arbitrary<T>): fc.Arbitrary<[number, T]> =>
  fc.nat({ max: TYPES.length - 1 }).chain((number) => fc.tuple(fc.constant(number), of(typeAt(number))));
export const anyTenant = fc.nat({ max: TENANTS - 1 });

export function typeAt(number: number): ResourceType {
  return TYPES[number] ?? TYPES[0];
}

export const idsOf = ({ Resources }: ListResponse) => Resources.map(({ id }) => id);

/** `status scimType` where it was refused in the protocol's way; anything else fails the test. */
export async function orRefusal<T>(run: () => T | Promise<T>): Promise<T | string> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ScimError) return `${error.status} ${error.scimType}`;
    throw error;
  }
}
