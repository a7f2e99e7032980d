/** RFC 7644 section 3.6: what is deleted is gone, from everywhere, and in nobody's way. */
import type { Check, Made, Trial } from '../trial.ts';
import { at, came, filtered, patch, quoted, resources, sent, shown, succeeded, text } from './reading.ts';

async function removed(trial: Trial, made: Made): Promise<Made> {
  const answer = await trial.send('DELETE', made.path);
  trial.needs(succeeded(answer), `it could not be deleted: ${came(answer)}`);
  return made;
}

const answered: Check = {
  id: 'delete/answer',
  title: 'A DELETE is answered with 204',
  feature: 'delete',
  requirements: ['RFC7644-3.6-4'],
  async run(trial: Trial) {
    const paths = [(await trial.makeUser()).path];
    if (trial.server.hasGroups) paths.push((await trial.makeGroup()).path);
    for (const path of paths) {
      const answer = await trial.send('DELETE', path);
      trial.holds('RFC7644-3.6-4', answer.status === 204, `expected 204, got ${came(answer)}`);
    }
  },
};

const gone: Check = {
  id: 'delete/gone',
  title: 'Every operation on a deleted user or group is answered with 404',
  feature: 'delete',
  requirements: ['RFC7644-3.6-1'],
  async run(trial: Trial) {
    const all = [await removed(trial, await trial.makeUser())];
    if (trial.server.hasGroups) all.push(await removed(trial, await trial.makeGroup()));
    const expect404 = (what: string, answer: Parameters<typeof came>[0]) =>
      trial.holds(
        'RFC7644-3.6-1',
        answer.status === 404,
        `expected 404 for ${what} of what was deleted, got ${came(answer)}`,
      );
    for (const made of all) {
      expect404('GET', await trial.send('GET', made.path));
      const put = await trial.send('PUT', made.path, sent(made));
      // What is not there at all is not answered for any resource.
      if (put.status !== 405 && put.status !== 501) expect404('PUT', put);
      if (trial.server.supports.patch)
        expect404(
          'PATCH',
          await trial.send('PATCH', made.path, patch({ op: 'replace', path: 'displayName', value: trial.name() })),
        );
      expect404('DELETE', await trial.send('DELETE', made.path));
    }
  },
};

const unlisted: Check = {
  id: 'delete/unlisted',
  title: 'A deleted user is in no query result',
  feature: 'delete',
  requirements: ['RFC7644-3.6-2'],
  unless: ({ supports }) => (supports.filter ? null : 'it does not advertise filters'),
  async run(trial: Trial) {
    const made = await trial.makeUser();
    const userName = text(at(made.resource, 'userName')) ?? text(at(sent(made), 'userName')) ?? '';
    const query = `/Users?${filtered(`userName eq ${quoted(userName)}`)}`;
    const isIn = (answer: Parameters<typeof resources>[0]) =>
      resources(answer).some((each) => at(each, 'id') === made.id);
    const before = await trial.send('GET', query);
    const isFound = isIn(before) && at(before.json, 'totalResults') === 1;
    trial.needs(isFound, 'it is not found by its user name, and alone, while it is there');
    await removed(trial, made);
    const after = await trial.send('GET', query);
    trial.holds(
      'RFC7644-3.6-2',
      !isIn(after),
      `expected no user of the deleted one's name, got ${shown(resources(after)[0])}`,
    );
    if (after.status !== 200 || isIn(after)) return;
    const total = at(after.json, 'totalResults');
    trial.holds(
      'RFC7644-3.6-2',
      total === 0,
      `expected totalResults 0 after the only match was deleted, got ${shown(total)}`,
    );
  },
};

const nameIsFree: Check = {
  id: 'delete/name-is-free',
  title: 'The user name of a deleted user can be given again',
  feature: 'delete',
  requirements: ['RFC7644-3.6-3'],
  async run(trial: Trial) {
    const made = await removed(trial, await trial.makeUser());
    const again = await trial.send('POST', '/Users', sent(made));
    trial.holds(
      'RFC7644-3.6-3',
      again.status !== 409,
      `expected the deleted user to be in nobody's way, got ${came(again)}`,
    );
  },
};

export const checks: readonly Check[] = [answered, gone, unlisted, nameIsFree];
