/** RFC 7644 section 3.14: versions, and requests that depend on them. */
import type { Exchange } from '../model.ts';
import type { Check, Made, Server, Trial } from '../trial.ts';
import { noPatch } from './patch-general.ts';
import { userWithText } from './picking.ts';
import { at, came, current, patch, sent, shown, succeeded, text } from './reading.ts';

export const noEtag = ({ supports }: Server) => (supports.etag ? null : 'it does not advertise ETags');

/** Of a resource as it is now. Ends the check where there is none: another one says so. */
export async function versionOf(trial: Trial, made: Made): Promise<string> {
  const answer = await trial.send('GET', made.path);
  const version = text(answer.headers.etag) ?? text(at(answer.json, 'meta', 'version'));
  trial.needs(version !== null, 'its resources have no version');
  return version;
}

/** A proxy that compresses makes a strong tag weak. */
const bare = (version: unknown) => String(version).replace(/^W\//, '');

const header: Check = {
  id: 'etag/header',
  title: 'A resource comes with its version, in the header and in meta',
  feature: 'etag',
  requirements: ['RFC7644-3.14-1', 'RFC7644-3.14-2', 'RFC7643-3.1-19'],
  unless: noEtag,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const answers: [string, Exchange][] = [
      ['POST', user.exchange],
      ['GET', await trial.send('GET', user.path)],
      ['PUT', await trial.send('PUT', user.path, sent(user))],
    ];
    for (const [method, answer] of answers) {
      if (!succeeded(answer) || at(answer.json, 'id') === undefined) continue;
      const [tag, version] = [answer.headers.etag, at(answer.json, 'meta', 'version')];
      const isThere = trial.holds(
        'RFC7644-3.14-1',
        text(tag) !== null,
        `the answer to ${method} should have an ETag`,
        answer,
      );
      const hasVersion = text(version) !== null;
      trial.holds('RFC7644-3.14-2', hasVersion, `the answer to ${method} should have meta.version`, answer);
      if (!isThere || !hasVersion) continue;
      const message = `${method}: ETag is ${shown(tag)}, meta.version is ${shown(version)}`;
      trial.holds('RFC7643-3.1-19', bare(tag) === bare(version), message, answer);
    }
  },
};

const changes: Check = {
  id: 'etag/changes',
  title: 'Every change of a resource changes its version',
  feature: 'etag',
  requirements: ['RFC7644-3.14-8'],
  unless: noEtag,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const before = await versionOf(trial, user);
    const put = await trial.send('PUT', user.path, { ...sent(user), [name]: trial.name('new') });
    trial.needs(succeeded(put), `a PUT got ${came(put)}`);
    const after = await versionOf(trial, user);
    trial.holds('RFC7644-3.14-8', after !== before, `${name} was changed, and the version is still ${shown(before)}`);
    if (noPatch(trial.server)) return;
    const change = await trial.send(
      'PATCH',
      user.path,
      patch({ op: 'replace', path: name, value: trial.name('again') }),
    );
    if (!succeeded(change)) return;
    const last = await versionOf(trial, user);
    trial.holds(
      'RFC7644-3.14-8',
      last !== after,
      `${name} was changed by PATCH, and the version is still ${shown(after)}`,
    );
  },
};

const notModified: Check = {
  id: 'etag/not-modified',
  title: 'A GET of what the client has already is answered with 304, of anything else with the resource',
  feature: 'etag',
  requirements: ['RFC7644-3.14-3', 'RFC7644-3.14-4'],
  unless: noEtag,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const version = await versionOf(trial, user);
    const headers = { 'if-none-match': version };
    const same = await trial.send('GET', user.path, undefined, { headers });
    const message = `expected 304 without a body for the latest version, got ${came(same)}`;
    trial.holds('RFC7644-3.14-3', same.status === 304 && same.body === '', message);
    const value = trial.name('new');
    const put = await trial.send('PUT', user.path, { ...sent(user), [name]: value });
    trial.needs(succeeded(put), `a PUT got ${came(put)}`);
    const other = await trial.send('GET', user.path, undefined, { headers });
    const isNew = other.status === 200 && at(other.json, name) === value;
    trial.holds('RFC7644-3.14-4', isNew, `expected the changed user for an older version, got ${came(other)}`);
  },
};

/** A user that was changed after its version was read. */
async function outdated(trial: Trial): Promise<{ user: Made; name: string; value: string; old: string }> {
  const { user, name } = await userWithText(trial);
  const old = await versionOf(trial, user);
  const value = trial.name('changed');
  const put = await trial.send('PUT', user.path, { ...sent(user), [name]: value });
  trial.needs(succeeded(put), `a PUT got ${came(put)}`);
  trial.needs((await versionOf(trial, user)) !== old, 'the version does not change with the resource');
  return { user, name, value, old };
}

/** Notes that nothing changed, and that the answer says why. */
async function unchanged(
  trial: Trial,
  answer: Exchange,
  what: { user: Made; name: string; value: string },
  requirement: string,
) {
  const now = at(await current(trial, what.user), what.name);
  const message = `If-Match was an older version, and the ${answer.method} changed ${what.name} to ${shown(now)}`;
  if (!trial.holds(requirement, now === what.value, message, answer)) return;
  const isSaid = answer.status === 412 || answer.status === 409;
  trial.holds('RFC7644-3.12-15', isSaid, `expected 412 for an older version, got ${came(answer)}`, answer);
}

const stalePut: Check = {
  id: 'etag/stale-put',
  title: 'A PUT with an older version changes nothing',
  feature: 'etag',
  requirements: ['RFC7644-3.14-5', 'RFC7644-3.12-15'],
  unless: noEtag,
  async run(trial: Trial) {
    const what = await outdated(trial);
    const body = { ...sent(what.user), [what.name]: trial.name('stale') };
    const answer = await trial.send('PUT', what.user.path, body, { headers: { 'if-match': what.old } });
    await unchanged(trial, answer, what, 'RFC7644-3.14-5');
  },
};

const stalePatch: Check = {
  id: 'etag/stale-patch',
  title: 'A PATCH with an older version changes nothing',
  feature: 'etag',
  requirements: ['RFC7644-3.14-6', 'RFC7644-3.12-15'],
  unless: (server) => noEtag(server) ?? noPatch(server),
  async run(trial: Trial) {
    const what = await outdated(trial);
    const body = patch({ op: 'replace', path: what.name, value: trial.name('stale') });
    const answer = await trial.send('PATCH', what.user.path, body, { headers: { 'if-match': what.old } });
    await unchanged(trial, answer, what, 'RFC7644-3.14-6');
  },
};

const staleDelete: Check = {
  id: 'etag/stale-delete',
  title: 'A DELETE with an older version is refused',
  feature: 'etag',
  requirements: ['RFC7644-3.12-15'],
  unless: noEtag,
  async run(trial: Trial) {
    const { user, old } = await outdated(trial);
    const answer = await trial.send('DELETE', user.path, undefined, { headers: { 'if-match': old } });
    const isRefused = answer.status === 412 || answer.status === 409;
    trial.holds('RFC7644-3.12-15', isRefused, `expected 412 for an older version, got ${came(answer)}`);
    const after = await trial.send('GET', user.path);
    trial.holds('RFC7644-3.12-15', after.status === 200, `the user should still be there; a GET got ${came(after)}`);
  },
};

const latest: Check = {
  id: 'etag/latest',
  title: 'A PUT or PATCH with the latest version succeeds',
  feature: 'etag',
  requirements: ['RFC7644-3.14-7'],
  unless: noEtag,
  async run(trial: Trial) {
    const { user, name } = await userWithText(trial);
    const withLatest = async () => ({ headers: { 'if-match': await versionOf(trial, user) } });
    const body = { ...sent(user), [name]: trial.name('new') };
    const put = await trial.send('PUT', user.path, body, await withLatest());
    trial.holds('RFC7644-3.14-7', succeeded(put), `a PUT with the latest version should succeed; it got ${came(put)}`);
    if (noPatch(trial.server)) return;
    const change = patch({ op: 'replace', path: name, value: trial.name('again') });
    const answer = await trial.send('PATCH', user.path, change, await withLatest());
    trial.holds(
      'RFC7644-3.14-7',
      succeeded(answer),
      `a PATCH with the latest version should succeed; it got ${came(answer)}`,
    );
  },
};

export const checks: readonly Check[] = [header, changes, notModified, stalePut, stalePatch, staleDelete, latest];
