/** RFC 7644 sections 3.7 and 3.7.3: many operations in one request, and what is said of each. */
import type { Exchange } from '../model.ts';
import type { Check, Json, JsonObject, Server, Trial } from '../trial.ts';
import { noEtag, versionOf } from './etag.ts';
import { find, noFilter } from './finding.ts';
import { noPatch } from './patch-general.ts';
import { endpointOf, userWithText } from './picking.ts';
import { at, came, current, objects, patch, quoted, sent, shown, strings, succeeded, text } from './reading.ts';

const REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
const RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

export const noBulk = ({ supports }: Server) => (supports.bulk ? null : 'it does not advertise Bulk');

export interface Outcome {
  answer: Exchange;
  /** In the order of the answer. */
  results: JsonObject[];
}

export async function bulk(trial: Trial, operations: readonly JsonObject[], rest: JsonObject = {}): Promise<Outcome> {
  const answer = await trial.send('POST', '/Bulk', { schemas: [REQUEST], ...rest, Operations: [...operations] });
  return { answer, results: objects(at(answer.json, 'Operations')) };
}

/** The status of an operation. The text says a string, an example in section 3.7.2 an object with a code. */
export function statusOf(result: JsonObject | undefined): number {
  const status = at(result, 'status');
  return Number(typeof status === 'object' ? at(status, 'code') : status);
}

export function resultOf({ results }: Outcome, bulkId: string): JsonObject | undefined {
  return results.find((each) => at(each, 'bulkId') === bulkId);
}

/** The last part of the location. */
export function idOf(result: JsonObject | undefined): string | null {
  const location = text(at(result, 'location'));
  return location?.split('/').at(-1) ?? text(at(result, 'response', 'id'));
}

/** @param path relative to the base URL, as it stands in an operation. */
const operation = (method: string, path: string, data?: Json): JsonObject => ({
  method,
  path,
  ...(data !== undefined && { data }),
});

export function creating(trial: Trial, bulkId: string, body: JsonObject, type: 'User' | 'Group' = 'User'): JsonObject {
  return { ...operation('POST', endpointOf(trial.server, type), body), bulkId };
}

/** The whole was processed, whatever became of its parts. */
async function processed(trial: Trial, operations: readonly JsonObject[], rest: JsonObject = {}): Promise<Outcome> {
  const outcome = await bulk(trial, operations, rest);
  trial.needs(outcome.answer.status === 200, `a bulk request got ${came(outcome.answer)}`);
  return outcome;
}

const create: Check = {
  id: 'bulk/create',
  title: 'A user is created in bulk, and the answer tells which one it is',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-1', 'RFC7644-3.7-7', 'RFC7644-3.7-11', 'RFC7644-3.7.3-2', 'RFC7644-3.7.3-3'],
  unless: noBulk,
  async run(trial: Trial) {
    const outcome = await bulk(trial, [creating(trial, 'jane', trial.userBody())]);
    const { answer, results } = outcome;
    if (!trial.holds('RFC7644-3.7-7', answer.status === 200, `expected 200, got ${came(answer)}`)) return;
    const urns = strings(at(answer.json, 'schemas'));
    const [result] = results;
    const isResponse =
      urns.includes(RESPONSE) && text(at(result, 'method')) !== null && at(result, 'status') !== undefined;
    trial.holds('RFC7644-3.7-1', isResponse, `expected ${RESPONSE} with method and status; got ${shown(answer.json)}`);
    trial.needs(result !== undefined, 'the answer tells of no operation');
    trial.holds(
      'RFC7644-3.7.3-3',
      statusOf(result) === 201,
      `the status should be 201; it is ${shown(at(result, 'status'))}`,
    );
    const bulkId = at(result, 'bulkId');
    trial.holds('RFC7644-3.7-11', bulkId === 'jane', `bulkId should come back as "jane"; it is ${shown(bulkId)}`);
    const id = idOf(result);
    const read = await trial.send('GET', `${endpointOf(trial.server, 'User')}/${encodeURIComponent(id ?? '')}`);
    const isThere = text(at(result, 'location')) !== null && read.status === 200;
    const message = `location should lead to the user; it is ${shown(at(result, 'location'))}, a GET of that id got ${came(read)}`;
    trial.holds('RFC7644-3.7.3-2', isThere, message, answer);
  },
};

const methods: Check = {
  id: 'bulk/methods',
  title: 'PUT, PATCH and DELETE work in bulk, each with its result',
  feature: 'bulk',
  requirements: ['RFC7644-3.7.3-1', 'RFC7644-3.7.3-2', 'RFC7644-3.7.3-3'],
  unless: noBulk,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const doomed = await trial.makeUser();
    const value = trial.name('new');
    const change = operation('PATCH', user.path, patch({ op: 'replace', path: name, value: trial.name('patched') }));
    const operations = [
      ...(noPatch(trial.server) ? [] : [change]),
      operation('PUT', user.path, { ...sent(user), [name]: value }),
      operation('DELETE', doomed.path),
    ];
    const { answer, results } = await processed(trial, operations);
    const told = `${operations.length} operations were sent, ${results.length} results came`;
    trial.holds('RFC7644-3.7.3-1', results.length === operations.length, told, answer);
    for (const [index, { method }] of operations.entries()) {
      const result = results[index];
      const status = statusOf(result);
      const isRight = method === 'DELETE' ? status === 204 : status === 200 || (status === 204 && method === 'PATCH');
      trial.holds(
        'RFC7644-3.7.3-3',
        isRight,
        `the status of ${shown(method)} is ${shown(at(result, 'status'))}`,
        answer,
      );
      const location = text(at(result, 'location'));
      trial.holds(
        'RFC7644-3.7.3-2',
        location !== null,
        `the result of ${shown(method)} should have a location`,
        answer,
      );
    }
    const now = at(await current(trial, user), name);
    trial.holds('RFC7644-3.7.3-3', now === value, `${name} should be ${shown(value)}; it is ${shown(now)}`, answer);
    const gone = await trial.send('GET', doomed.path);
    trial.holds('RFC7644-3.7.3-3', gone.status === 404, `a user was deleted in bulk; a GET got ${came(gone)}`, answer);
  },
};

const failure: Check = {
  id: 'bulk/failure',
  title: 'After a failed operation the others are still processed, and the answer says what failed',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-6', 'RFC7644-3.7-7', 'RFC7644-3.7-9', 'RFC7644-3.7.3-1', 'RFC7644-3.7.3-4'],
  unless: noBulk,
  async run(trial: Trial) {
    const taken = sent(await trial.makeUser()).userName ?? '';
    const outcome = await bulk(trial, [
      creating(trial, 'taken', trial.userBody({ userName: taken })),
      creating(trial, 'free', trial.userBody()),
    ]);
    const { answer, results } = outcome;
    const isProcessed = trial.holds(
      'RFC7644-3.7-7',
      answer.status === 200,
      `one of two failed; expected 200, got ${came(answer)}`,
    );
    if (!isProcessed) return;
    const [failed, free] = [resultOf(outcome, 'taken'), resultOf(outcome, 'free')];
    trial.holds('RFC7644-3.7.3-1', results.length === 2, `2 operations were sent, ${results.length} results came`);
    trial.needs(failed !== undefined && statusOf(failed) >= 400, 'a user with a name that is taken did not fail');
    const done = `the operation after a failed one should be processed; it is ${shown(at(free, 'status'))}`;
    trial.holds('RFC7644-3.7-9', statusOf(free) === 201, done);
    const body = at(failed, 'response');
    const isError = Number(at(body, 'status')) === statusOf(failed);
    trial.holds(
      'RFC7644-3.7-6',
      isError,
      `the failed operation should hold its error in response; it is ${shown(body)}`,
    );
    const words = text(at(body, 'detail')) ?? text(at(failed, 'status', 'description'));
    trial.holds('RFC7644-3.7.3-4', words !== null, `a failed operation should be explained; it is ${shown(failed)}`);
  },
};

const failOnErrors: Check = {
  id: 'bulk/fail-on-errors',
  title: 'After as many errors as failOnErrors says, the rest is not processed',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-10'],
  unless: (server) => noBulk(server) ?? noFilter(server),
  async run(trial: Trial) {
    const taken = sent(await trial.makeUser()).userName ?? '';
    const last = trial.userBody();
    const outcome = await processed(
      trial,
      [creating(trial, 'taken', trial.userBody({ userName: taken })), creating(trial, 'last', last)],
      { failOnErrors: 1 },
    );
    const failed = statusOf(resultOf(outcome, 'taken')) >= 400;
    trial.needs(failed, 'a user with a name that is taken did not fail');
    const { ids } = await find(trial, `userName eq ${quoted(String(last.userName))}`);
    const isDone = ids.length > 0 || statusOf(resultOf(outcome, 'last')) === 201;
    trial.holds('RFC7644-3.7-10', !isDone, 'failOnErrors was 1, and the operation after an error was still processed');
  },
};

const order: Check = {
  id: 'bulk/order',
  title: 'Operations on the same resource end as in their order',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-12'],
  unless: noBulk,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const values = [trial.name('first'), trial.name('second'), trial.name('third')];
    const { answer } = await processed(
      trial,
      values.map((value) => operation('PUT', user.path, { ...sent(user), [name]: value })),
    );
    const now = at(await current(trial, user), name);
    trial.holds(
      'RFC7644-3.7-12',
      now === values[2],
      `${name} should end as ${shown(values[2])}; it is ${shown(now)}`,
      answer,
    );
  },
};

const stale: Check = {
  id: 'bulk/stale',
  title: 'An operation with an older version changes nothing',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-3'],
  unless: (server) => noBulk(server) ?? noEtag(server),
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const version = await versionOf(trial, user);
    const value = trial.name('changed');
    const put = await trial.send('PUT', user.path, { ...sent(user), [name]: value });
    trial.needs(succeeded(put) && (await versionOf(trial, user)) !== version, 'the version does not change');
    const late = { ...operation('PUT', user.path, { ...sent(user), [name]: trial.name('stale') }), version };
    const { answer, results } = await processed(trial, [late]);
    const now = at(await current(trial, user), name);
    const message = `the version was an older one, so ${name} should stay ${shown(value)}; the operation got ${shown(at(results[0], 'status'))}, it is ${shown(now)}`;
    trial.holds('RFC7644-3.7-3', now === value && statusOf(results[0]) >= 400, message, answer);
  },
};

const unusable: Check = {
  id: 'bulk/unusable',
  title: 'A bulk request without operations is refused',
  feature: 'bulk',
  requirements: ['RFC7644-3.7-8'],
  unless: noBulk,
  async run(trial: Trial) {
    for (const raw of [`{"schemas":["${REQUEST}"]}`, `{"schemas":["${REQUEST}"],"Operations":`]) {
      const answer = await trial.send('POST', '/Bulk', undefined, { raw });
      const isRefused = answer.status >= 400 && answer.status < 500;
      trial.holds('RFC7644-3.7-8', isRefused, `${raw} cannot be processed; expected an error, got ${came(answer)}`);
    }
  },
};

export const checks: readonly Check[] = [create, methods, failure, failOnErrors, order, stale, unusable];
