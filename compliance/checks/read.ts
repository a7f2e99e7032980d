/** RFC 7644 sections 3.1, 3.4 and 3.4.1: what is there is answered, whole, and as it is. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Check, Json, JsonObject, Made, Trial } from '../trial.ts';
import { at, came, current, object, replace, sent, shown, succeeded, unassigned } from './reading.ts';

const known = (kind: 'User' | 'Group'): Check => ({
  id: `read/${kind.toLowerCase()}`,
  title: `A ${kind.toLowerCase()} is read at its URL`,
  feature: 'read',
  requirements: ['RFC7644-3.4.1-1'],
  ...(kind === 'Group' && { unless: ({ hasGroups }) => (hasGroups ? null : 'it has no groups') }),
  async run(trial: Trial) {
    const made = kind === 'User' ? await trial.makeUser() : await trial.makeGroup();
    const answer = await trial.send('GET', made.path);
    trial.holds('RFC7644-3.4.1-1', answer.status === 200, `expected 200, got ${came(answer)}`);
    if (answer.status !== 200) return;
    const id = at(answer.json, 'id');
    trial.holds(
      'RFC7644-3.4.1-1',
      id === made.id,
      `expected the resource with the id ${shown(made.id)}, got ${shown(id)}`,
    );
  },
});

const asAnswered: Check = {
  id: 'read/as-answered',
  title: 'What a POST or PUT is answered with is what a GET then shows',
  feature: 'read',
  requirements: ['RFC7644-3.1-4'],
  async run(trial: Trial) {
    const made = await trial.makeUser();
    await sameAsRead(trial, made, made.resource);
    if (!trial.server.attribute('User', 'displayName')) return;
    const replaced = await replace(trial, made, { displayName: 'Jane Doe' });
    const resource = object(replaced.json);
    if (succeeded(replaced) && resource) await sameAsRead(trial, made, resource);
  },
};

/** The server may alter or drop what was sent (RFC 7644 line 608), but then its answer says so. */
async function sameAsRead(trial: Trial, made: Made, answered: JsonObject): Promise<void> {
  // What the client did not send may change by itself, a time of the last login for instance.
  const own = Object.keys(sent(made)).filter((name) => !['meta', 'groups', 'password'].includes(name.toLowerCase()));
  const differs = (read: JsonObject) => own.filter((name) => !same(at(answered, name), at(read, name)));
  let read = await current(trial, made);
  if (differs(read).length > 0) {
    // Where several machines answer, one of them may be a moment behind.
    await sleep(1_000);
    read = await current(trial, made);
  }
  const differing = differs(read);
  const [name = ''] = differing;
  trial.holds(
    'RFC7644-3.1-4',
    differing.length === 0,
    () => `expected ${name} as it was answered, ${shown(at(answered, name))}; a GET shows ${shown(at(read, name))}`,
  );
}

/** Arrays have no order (RFC 7643 section 2.4), and what is unassigned may be left out. */
function same(one: Json | undefined, other: Json | undefined): boolean {
  return unassigned(one) ? unassigned(other) : canonical(one) === canonical(other);
}

function canonical(json: Json | undefined): string {
  if (Array.isArray(json)) return `[${json.map(canonical).sort().join()}]`;
  const inner = object(json);
  if (!inner) return JSON.stringify(json) ?? '';
  const entries = Object.entries(inner).filter(([, value]) => !unassigned(value));
  return `{${entries
    .map(([name, value]) => `${JSON.stringify(name)}:${canonical(value)}`)
    .sort()
    .join()}}`;
}

const byDefault: Check = {
  id: 'read/by-default',
  title: 'Without parameters, what is returned by default is there, and what is returned on request or never is not',
  feature: 'read',
  requirements: ['RFC7644-3.4-1'],
  async run(trial: Trial) {
    const requirement = 'RFC7644-3.4-1';
    const made = await trial.makeUser();
    const plain = await trial.send('GET', made.path);
    const resource = object(plain.json);
    trial.needs(plain.status === 200 && resource !== null, `what was made cannot be read: ${came(plain)}`);
    for (const name of Object.keys(resource)) {
      const returned = trial.server.attribute('User', name)?.returned;
      const fits = returned !== 'never' && returned !== 'request';
      trial.holds(
        requirement,
        fits,
        `${name} should not be there: its schema says "returned": ${shown(returned)}`,
        plain,
      );
    }
    const asked = ['userName', 'name', 'displayName', 'emails', 'active'].filter((name) => {
      const returned = trial.server.attribute('User', name)?.returned;
      return returned === 'default' || returned === 'always';
    });
    const named = await trial.send('GET', `${made.path}?attributes=${asked.join(',')}`);
    if (named.status !== 200) return;
    const missing = asked.filter((name) => !unassigned(at(named.json, name)) && unassigned(at(resource, name)));
    trial.holds(
      requirement,
      missing.length === 0,
      () => `${missing.join(', ')} should be there without being asked for; only a request by name shows it`,
      plain,
    );
  },
};

export const checks: readonly Check[] = [known('User'), known('Group'), asAnswered, byDefault];
