/** RFC 7644 section 3.12: what went wrong is said in the status and in a body that a client can read. */
import { randomUUID } from 'node:crypto';
import type { Exchange } from '../model.ts';
import type { Check, JsonObject, Trial } from '../trial.ts';
import { at, came, ERROR, object, patch, shown, strings } from './reading.ts';

/** Judges RFC7644-3.12-1 and RFC7644-3.12-2. */
export function isError(trial: Trial, answer: Exchange): void {
  const schemas = at(answer.json, 'schemas');
  const isOne = trial.holds(
    'RFC7644-3.12-1',
    object(answer.json) !== null && strings(schemas).some((each) => each.toLowerCase() === ERROR.toLowerCase()),
    `expected a JSON body with ${ERROR} in schemas, got ${object(answer.json) ? `schemas ${shown(schemas)}` : shown(answer.body)}`,
    answer,
  );
  if (!isOne) return;
  const status = at(answer.json, 'status');
  trial.holds(
    'RFC7644-3.12-2',
    status === String(answer.status),
    `expected "status": "${answer.status}" in the body, as a string; got ${shown(status)}`,
    answer,
  );
}

const unknownUser = () => `/Users/${randomUUID()}`;

const body: Check = {
  id: 'errors/body',
  title: 'An error shows in the status, and its body is a SCIM error',
  feature: 'errors',
  requirements: ['RFC7644-3.2-4', 'RFC7644-3.2-5', 'RFC7644-3.12-1', 'RFC7644-3.12-2'],
  async run(trial: Trial) {
    const broken = await trial.send('POST', '/Users', undefined, { raw: '{"schemas": [' });
    for (const answer of [await trial.send('GET', unknownUser()), broken]) {
      const isInStatus = trial.holds(
        'RFC7644-3.2-4',
        answer.status >= 400,
        `expected a status of 400 or above, got ${came(answer)}`,
        answer,
      );
      if (!isInStatus) continue;
      isError(trial, answer);
      const status = at(answer.json, 'status');
      trial.holds(
        'RFC7644-3.2-5',
        Number(status) === answer.status,
        `expected ${answer.status} in the body as well, got ${shown(status)}`,
        answer,
      );
    }
  },
};

const notFound: Check = {
  id: 'errors/not-found',
  title: 'A resource or an endpoint that does not exist is answered with 404',
  feature: 'errors',
  requirements: ['RFC7644-3.12-8'],
  async run(trial: Trial) {
    const paths = [unknownUser(), `/${trial.name('endpoint')}`];
    if (trial.server.hasGroups) paths.push(`/Groups/${randomUUID()}`);
    for (const path of paths) {
      const answer = await trial.send('GET', path);
      trial.holds('RFC7644-3.12-8', answer.status === 404, `expected 404, got ${came(answer)}`);
    }
  },
};

const broken: Check = {
  id: 'errors/syntax',
  title: 'A body that is no JSON object is refused with 400 and "invalidSyntax"',
  feature: 'errors',
  requirements: ['RFC7644-3.12-5', 'RFC7644-3.12-12'],
  async run(trial: Trial) {
    const whole = JSON.stringify(trial.userBody());
    for (const raw of [whole.slice(0, -2), '["a list"]']) {
      const answer = await trial.send('POST', '/Users', undefined, { raw });
      judge(trial, answer, `for ${raw.startsWith('[') ? 'a JSON array' : 'JSON that breaks off'}`, 'RFC7644-3.12-12', [
        'invalidSyntax',
      ]);
    }
  },
};

/** Status 400, and one of these scimTypes; each is noted by itself. */
function judge(trial: Trial, answer: Exchange, what: string, requirement: string, types: readonly string[]): void {
  const is400 = trial.holds('RFC7644-3.12-5', answer.status === 400, `expected 400 ${what}, got ${came(answer)}`);
  if (!is400) return;
  const scimType = at(answer.json, 'scimType');
  trial.holds(
    requirement,
    typeof scimType === 'string' && types.includes(scimType),
    `expected scimType ${types.map(shown).join(' or ')} ${what}, got ${shown(scimType)}`,
  );
}

const againstSchema: Check = {
  id: 'errors/value',
  title: 'A missing required value, and one of the wrong type, are refused with 400 and say why',
  feature: 'errors',
  requirements: ['RFC7644-3.12-5', 'RFC7644-3.12-13'],
  async run(trial: Trial) {
    // Table 9 fits both words to these cases: "a required value was missing", "did not conform to the request schema".
    const types = ['invalidValue', 'invalidSyntax'];
    const { userName: _, ...nameless } = trial.userBody();
    judge(trial, await trial.send('POST', '/Users', nameless), 'without userName', 'RFC7644-3.12-13', types);
    const wrong: JsonObject[] = [{ userName: { value: trial.name() } }];
    if (trial.server.attribute('User', 'active')?.type === 'boolean') wrong.push({ active: 'perhaps' });
    for (const overrides of wrong) {
      const answer = await trial.send('POST', '/Users', trial.userBody(overrides));
      judge(trial, answer, `for ${shown(overrides)}`, 'RFC7644-3.12-13', types);
    }
  },
};

const unsupported: Check = {
  id: 'errors/unsupported',
  title: 'PATCH where it is not supported is answered with 501',
  feature: 'errors',
  requirements: ['RFC7644-3.12-10'],
  unless: ({ supports, serviceProviderConfig }) => {
    if (!serviceProviderConfig) return 'it does not say what it supports';
    return supports.patch ? 'it supports PATCH' : null;
  },
  async run(trial: Trial) {
    const { path } = await trial.makeUser();
    const answer = await trial.send('PATCH', path, patch({ op: 'replace', path: 'displayName', value: 'Jane' }));
    trial.needs(answer.status >= 300, 'it does PATCH without saying so');
    // 405 says the same in HTTP's own words, which section 3.12 refers to.
    const isSaid = answer.status === 501 || answer.status === 405;
    trial.holds('RFC7644-3.12-10', isSaid, `expected 501, got ${came(answer)}`);
  },
};

export const checks: readonly Check[] = [body, notFound, broken, againstSchema, unsupported];
