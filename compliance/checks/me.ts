/** RFC 7644 section 3.11: "/Me", the resource of whoever asks. Only read: it may be a real person's. */
import type { Check, Trial } from '../trial.ts';
import { at, came, object, shown, text } from './reading.ts';

const alias: Check = {
  id: 'me/alias',
  title: '/Me tells the permanent location of who asks, or is answered with 501',
  feature: 'me',
  requirements: ['RFC7644-3.11-1', 'RFC7644-3.11-2'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/Me');
    trial.needs(answer.status !== 401 && answer.status !== 403, `/Me is not for this token: ${came(answer)}`);
    if (answer.status !== 200 || !object(answer.json)) {
      // 404 as well says that the subject is no user; a client cannot tell that from an endpoint that is not there.
      trial.holds(
        'RFC7644-3.11-1',
        answer.status === 501,
        `expected 501 where /Me is not supported, got ${came(answer)}`,
      );
      return;
    }
    const location = text(answer.headers.location);
    const meta = text(at(answer.json, 'meta', 'location'));
    const isSame = meta === null || (location !== null && absolute(trial, location) === absolute(trial, meta));
    const isPermanent = location !== null && !/\/Me\/?$/i.test(location) && isSame;
    const message = `Location should be the permanent one, ${shown(meta)}; it is ${shown(location ?? undefined)}`;
    trial.holds('RFC7644-3.11-2', isPermanent, message);
  },
};

/** A location may be relative. */
function absolute({ server }: Trial, location: string): string {
  return URL.canParse(location, `${server.url}/`) ? new URL(location, `${server.url}/`).href : location;
}

export const checks: readonly Check[] = [alias];
