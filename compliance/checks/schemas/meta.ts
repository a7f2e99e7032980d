/** RFC 7643 section 3.1: meta and externalId. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Check, JsonObject, Trial } from '../../trial.ts';
import { at, came, current, filtered, quoted, replace, resources, shown, text, USER } from '../reading.ts';
import { kinds } from './kinds.ts';
import { endpointOf } from './samples.ts';

const meta: Check = {
  id: 'common/meta',
  title: "meta is the server's, and tells of changes",
  feature: 'schemas',
  requirements: ['RFC7643-3.1-13', 'RFC7643-3.1-16'],
  async run(trial: Trial) {
    const old = '1999-01-01T00:00:00Z';
    const foreign = {
      resourceType: 'Elephant',
      created: old,
      lastModified: old,
      location: 'https://example.com/nowhere',
      version: 'W/"none"',
    };
    const made = await trial.makeUser().then(async (plain) => {
      const answer = await trial.send('POST', endpointOf(trial.server, USER), trial.userBody({ meta: foreign }));
      trial.holds(
        'RFC7643-3.1-13',
        answer.status === 201,
        `a POST with meta should be answered as without; got ${came(answer)}`,
      );
      ignored(trial, foreign, at(answer.json, 'meta'), 'POST');
      return plain;
    });
    const before = at(made.resource, 'meta', 'lastModified');
    const attribute = ['displayName', 'nickName', 'title'].find(
      (each) => trial.server.attribute('User', each)?.mutability === 'readWrite',
    );
    // Some keep time in whole seconds.
    await sleep(1_100);
    const answer = await replace(trial, made, { meta: foreign, ...(attribute && { [attribute]: 'Changed' }) });
    trial.holds(
      'RFC7643-3.1-13',
      answer.status === 200 || answer.status === 204,
      `a PUT with meta should be answered as without; got ${came(answer)}`,
    );
    const user = await current(trial, made);
    const now = at(user, 'meta');
    ignored(trial, foreign, now, 'PUT');
    const [earlier, later] = [before, at(now, 'lastModified')].map((each) => Date.parse(text(each) ?? ''));
    if (!attribute || at(user, attribute) !== 'Changed') return;
    if (earlier === undefined || later === undefined || Number.isNaN(earlier + later)) return;
    trial.holds(
      'RFC7643-3.1-16',
      later > earlier,
      `meta.lastModified should be later after a change of ${attribute}; it was ${shown(before)}, and is ${shown(at(now, 'lastModified'))}`,
    );
  },
};

function ignored(trial: Trial, foreign: JsonObject, given: unknown, method: string): void {
  for (const [member, value] of Object.entries(foreign))
    trial.holds(
      'RFC7643-3.1-13',
      at(given, member) !== value,
      `meta.${member} of a client's ${method} was taken: ${shown(value)}`,
    );
}

const location: Check = {
  id: 'common/location',
  title: 'meta.location leads to the resource, and Content-Location says the same',
  feature: 'schemas',
  requirements: ['RFC7643-3.1-18', 'RFC7643-2.3.7-2', 'RFC7643-2.3.7-3'],
  async run(trial: Trial) {
    for (const kind of kinds(trial)) {
      const made = await kind.make(trial);
      const answer = await trial.send('GET', made.path);
      const said = text(at(answer.json, 'meta', 'location'));
      trial.needs(said !== null, `a ${kind.name} has no meta.location`);
      const header = answer.headers['content-location'];
      if (header !== undefined)
        trial.holds(
          'RFC7643-3.1-18',
          header === said,
          `meta.location is ${shown(said)}, Content-Location ${shown(header)}`,
          answer,
        );
      await leadsTo(trial, said, made.id, 'meta.location');
    }
  },
};

/** That a reference to one of our resources yields it. Nothing is said of one that leads to another host. */
export async function leadsTo(trial: Trial, reference: string, id: string, what: string): Promise<void> {
  const base = `${trial.server.url}/`;
  let target: URL;
  try {
    target = new URL(reference, base);
  } catch {
    trial.holds('RFC7643-2.3.7-3', false, `${what} should be a URI; it is ${shown(reference)}`);
    return;
  }
  // Behind a proxy a server may know itself by another name.
  if (target.origin !== new URL(base).origin) return;
  const isAbsolute = /^[a-z][a-z0-9+.-]*:/i.test(reference);
  const answer = await trial.send('GET', target.href);
  const found = at(answer.json, 'id');
  trial.holds(
    isAbsolute ? 'RFC7643-2.3.7-3' : 'RFC7643-2.3.7-2',
    answer.status === 200 && found === id,
    `${what} is ${shown(reference)}; a GET of it should yield ${id}, but got ${came(answer)} and ${shown(found)}`,
  );
}

const externalId: Check = {
  id: 'common/external-id',
  title: 'An externalId is kept as the client gave it, can be changed, and is found with its case',
  feature: 'schemas',
  requirements: ['RFC7643-3.1-1', 'RFC7643-3.1-12', 'RFC7643-7-12', 'RFC7643-7-13'],
  async run(trial: Trial) {
    for (const kind of kinds(trial)) {
      const value = `${trial.name()}-aBcD`;
      const made = await kind.make(trial, { externalId: value });
      const given = at(await current(trial, made), 'externalId');
      if (
        !trial.holds(
          'RFC7643-3.1-1',
          text(given) !== null,
          `a ${kind.name} was made with an externalId, and has ${shown(given)}`,
        )
      )
        continue;
      trial.holds('RFC7643-7-13', given === value, `externalId of a ${kind.name} was ${value}, and is ${shown(given)}`);
      const answer = await replace(trial, made, { externalId: `${value}-2` });
      const changed = at(await current(trial, made), 'externalId');
      trial.holds(
        'RFC7643-3.1-12',
        changed === `${value}-2`,
        `externalId of a ${kind.name} should be what the PUT said (${came(answer)}); it is ${shown(changed)}`,
      );
      if (!trial.server.supports.filter) continue;
      const filter = `externalId eq ${quoted(`${value.toUpperCase()}-2`)}`;
      const found = await trial.send('GET', `${endpointOf(trial.server, kind.schema)}?${filtered(filter)}`);
      if (found.status !== 200) continue;
      const hit = resources(found).some((each) => at(each, 'id') === made.id);
      trial.holds('RFC7643-7-12', !hit, 'externalId is caseExact, yet a filter found it in capitals');
    }
  },
};

const version: Check = {
  id: 'common/version',
  title: 'meta.version is the ETag',
  feature: 'etag',
  requirements: ['RFC7643-3.1-19'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    for (const answer of [made.exchange, await trial.send('GET', made.path)]) {
      const said = text(at(answer.json, 'meta', 'version'));
      const header = answer.headers.etag;
      // Web frameworks add an ETag of their own where the server has no versions.
      if (said === null || header === undefined) continue;
      // Where a proxy compresses, it may weaken the tag on its way.
      const strong = (tag: string | null | undefined) => tag?.replace(/^W\//, '');
      trial.holds(
        'RFC7643-3.1-19',
        strong(said) === strong(header),
        `meta.version is ${shown(said)}, ETag ${shown(header)}`,
        answer,
      );
    }
  },
};

export const checks: readonly Check[] = [meta, location, externalId, version];
