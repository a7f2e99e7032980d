/** RFC 7644 sections 2 and 3.12: who brings no valid credentials is told so, and gets nothing. */
import type { Exchange } from '../model.ts';
import type { Check, RequestOptions, Trial } from '../trial.ts';
import { isError } from './errors.ts';
import { came, shown, text } from './reading.ts';

const refused = (id: string, title: string, options: RequestOptions, whose: string): Check => ({
  id,
  title,
  feature: 'authentication',
  requirements: ['RFC7644-2-3', 'RFC7644-3.12-6'],
  async run(trial: Trial) {
    /** @returns false where something is wrong that will be wrong with every method. */
    const judge = (answer: Exchange): boolean => {
      const is401 = trial.holds(
        'RFC7644-3.12-6',
        answer.status === 401,
        `expected 401 ${whose}, got ${came(answer)}`,
        answer,
      );
      if (!is401) return true;
      const header = text(answer.headers['www-authenticate']);
      const hasScheme = header !== null && /^\s*[\w!#$%&'*+.^`|~-]+/.test(header);
      return trial.holds(
        'RFC7644-2-3',
        hasScheme,
        header === null
          ? 'expected the header WWW-Authenticate with the 401; there is none'
          : `expected a scheme in WWW-Authenticate, got ${shown(header)}`,
        answer,
      );
    };
    const read = await trial.send('GET', '/Users?startIndex=1&count=1', undefined, options);
    const write = await trial.send('POST', '/Users', trial.userBody(), options);
    if (judge(read)) judge(write);
  },
});

const errorBody: Check = {
  id: 'authentication/error-body',
  title: 'A refusal for want of credentials has a SCIM error as its body',
  feature: 'authentication',
  requirements: ['RFC7644-3.12-1', 'RFC7644-3.12-2'],
  async run(trial: Trial) {
    const answer = await trial.send('GET', '/Users?startIndex=1&count=1', undefined, { anonymous: true });
    trial.needs(answer.status === 401, `it is not refused with 401: ${came(answer)}`);
    isError(trial, answer);
  },
};

export const checks: readonly Check[] = [
  refused(
    'authentication/none',
    'A request without credentials is answered with 401 and what credentials to bring',
    { anonymous: true },
    'without credentials',
  ),
  refused(
    'authentication/invalid',
    'A request with a token that nobody issued is answered with 401 and what credentials to bring',
    { token: 'linkspan-compliance-not-a-token' },
    'with a made-up token',
  ),
  errorBody,
];
