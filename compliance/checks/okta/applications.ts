import type { Exchange } from '../../model.ts';
import type { Check, Made, Trial } from '../../trial.ts';
import { patched, without, writable } from '../clients.ts';
import { at, came, current, object, resources, sent, shown, succeeded } from '../reading.ts';
import { ask, assigned, lookUp } from './asking.ts';

const profiles = ['okta'] as const;

const update: Check = {
  id: 'okta/update',
  title: 'A PUT of what was read, with changes, is taken',
  feature: 'replace',
  profiles,
  requirements: ['OKTA-10'],
  async run(trial: Trial) {
    const user = await assigned(trial);
    const attribute = ['displayName', 'nickName', 'title'].find((each) => writable(trial.server, each));
    const echo = await current(trial, user);
    const answer = await ask(trial, 'PUT', user.path, { ...echo, ...(attribute && { [attribute]: 'Changed' }) });
    trial.holds(
      'OKTA-10',
      answer.status === 200 && at(answer.json, 'id') === user.id,
      `200 and the user were expected; got ${came(answer)}`,
    );
    if (!attribute) return;
    const value = at(await current(trial, user), attribute);
    trial.holds(
      'OKTA-10',
      value === 'Changed' && at(answer.json, attribute) === 'Changed',
      `${attribute} should be "Changed"; it is ${shown(value)}`,
      answer,
    );
  },
};

const wizardDisable: Check = {
  id: 'okta/disable-by-put',
  title: 'A user is disabled and enabled by PUT, and is found meanwhile',
  feature: 'replace',
  profiles,
  requirements: ['OKTA-11', 'OKTA-13'],
  unless: without('active'),
  async run(trial: Trial) {
    const user = await assigned(trial);
    for (const active of [false, true]) {
      const answer = await ask(trial, 'PUT', user.path, { ...(await current(trial, user)), active });
      await isActive(trial, 'OKTA-11', user, answer, active);
      if (!active) await isFound(trial, user);
    }
  },
};

const patchDisable: Check = {
  id: 'okta/disable-by-patch',
  title: 'A user is disabled and enabled by PATCH, and is found meanwhile',
  feature: 'patch',
  profiles,
  requirements: ['OKTA-12', 'OKTA-13'],
  unless: without('active'),
  async run(trial: Trial) {
    const user = await assigned(trial);
    for (const active of [false, true]) {
      const answer = await patched(trial, user, [{ op: 'replace', value: { active } }]);
      trial.holds(
        'OKTA-12',
        answer.status === 204 || (answer.status === 200 && object(answer.json) !== null),
        `200 with the user or 204 was expected; got ${came(answer)}`,
        answer,
      );
      await isActive(trial, 'OKTA-12', user, answer, active);
      if (!active) await isFound(trial, user);
    }
  },
};

async function isActive(
  trial: Trial,
  requirement: string,
  user: Made,
  answer: Exchange,
  wanted: boolean,
): Promise<void> {
  const active = at(await current(trial, user), 'active');
  trial.holds(
    requirement,
    succeeded(answer) && active === wanted,
    `active ${wanted} should be taken and stay; got ${came(answer)}, and it is ${shown(active)}`,
    answer,
  );
}

async function isFound(trial: Trial, user: Made): Promise<void> {
  const answer = await lookUp(trial, String(sent(user).userName));
  const found = resources(answer).some((each) => at(each, 'id') === user.id);
  trial.holds(
    'OKTA-13',
    answer.status === 200 && found,
    `the disabled user should be found by its userName; got ${came(answer)} and ${resources(answer).length} users`,
  );
}

export const checks: readonly Check[] = [update, wizardDisable, patchDisable];
