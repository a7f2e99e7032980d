import type { Check, Trial } from '../../trial.ts';
import { at, came, ERROR, shown, strings, text, USER } from '../reading.ts';
import { endpointOf } from '../schemas/samples.ts';
import { page, several, unadvertised } from './walking.ts';

const invalid: Check = {
  id: 'cursor/invalid',
  title: 'A cursor that the server did not give out is refused',
  feature: 'cursor',
  requirements: ['RFC9865-2.1-1', 'RFC9865-2.1-2', 'RFC9865-5.2-4'],
  unless: unadvertised,
  async run(trial: Trial) {
    const { query } = await several(trial);
    const first = await page(trial, '', query);
    const cursor = text(at(first.json, 'nextCursor'));
    const made = await page(trial, 'linkspan-compliance-made-this-up', query);
    const schemas = strings(at(made.json, 'schemas'));
    const isError = made.status === 400 && schemas.includes(ERROR);
    trial.holds(
      'RFC9865-2.1-1',
      isError,
      `an invented cursor should be answered with 400 and a SCIM error; got ${came(made)}`,
    );
    if (made.status === 400) {
      const type = at(made.json, 'scimType');
      trial.holds('RFC9865-2.1-2', type === 'invalidCursor', `scimType should be invalidCursor; it is ${shown(type)}`);
    }
    if (cursor === null) return;
    const altered = await page(trial, alter(cursor), query);
    const type = at(altered.json, 'scimType');
    trial.holds(
      'RFC9865-5.2-4',
      altered.status === 400 && type === 'invalidCursor',
      `an altered cursor should be answered with 400 invalidCursor; got ${came(altered)} and scimType ${shown(type)}`,
    );
  },
};

/** In the middle, where no encoding has spare bits. */
function alter(cursor: string): string {
  const middle = Math.floor(cursor.length / 2);
  return `${cursor.slice(0, middle)}${cursor[middle] === 'A' ? 'B' : 'A'}${cursor.slice(middle + 1)}`;
}

const invalidCount: Check = {
  id: 'cursor/invalid-count',
  title: 'A count that is no number is refused',
  feature: 'cursor',
  requirements: ['RFC9865-2.1-4'],
  unless: unadvertised,
  async run(trial: Trial) {
    const answer = await trial.send('GET', `${endpointOf(trial.server, USER)}?cursor=&count=several`);
    const type = at(answer.json, 'scimType');
    trial.holds(
      'RFC9865-2.1-4',
      answer.status === 400 && type === 'invalidCount',
      `count=several should be answered with 400 invalidCount; got ${came(answer)} and scimType ${shown(type)}`,
    );
  },
};

export const checks: readonly Check[] = [invalid, invalidCount];
