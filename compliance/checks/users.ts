/** RFC 7644 section 5: user names in the letters of the world. What RFC 7643 says of users is in schemas/users.ts. */
import type { Check, Trial } from '../trial.ts';
import { at, came, shown, text } from './reading.ts';

const prepared: Check = {
  id: 'users/prepared-names',
  title: 'The same user name in another Unicode form is the same user name',
  feature: 'users',
  requirements: ['RFC7644-5-1'],
  async run(trial: Trial) {
    const composed = `${trial.name('jos\u00e9')}@example.com`;
    const first = await trial.send('POST', '/Users', trial.userBody({ userName: composed }));
    trial.needs(first.status === 201, `a user name with a letter beyond ASCII is not taken: ${came(first)}`);
    const kept = text(at(first.json, 'userName')) ?? composed;
    trial.needs(/\u00e9|e\u0301/.test(kept), `the server changed the user name to ${shown(kept)}`);
    const decomposed = composed.normalize('NFD');
    const second = await trial.send('POST', '/Users', trial.userBody({ userName: decomposed }));
    trial.holds(
      'RFC7644-5-1',
      second.status >= 400 && second.status < 500,
      `expected the name with "e" and a combining accent to be the one with "\u00e9" (RFC 7613 section 3.2.2 asks for NFC), and so to be refused; got ${came(second)}`,
    );
  },
};

export const checks: readonly Check[] = [prepared];
