/** RFC 7644 section 3.4.2.2: what is compared: texts with and without case, times, booleans, several values, defaults, URNs. */
import type { Check, Trial } from '../trial.ts';
import { declines, find, matches, noFilter, refusedFilter, threeUsers, visibleUser } from './finding.ts';
import { texts, userWithText } from './picking.ts';
import { at, came, current, otherCase, quoted, sent, shown } from './reading.ts';

const insensitive: Check = {
  id: 'filter/case-insensitive',
  title: 'Texts that are not caseExact match in any case',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-31'],
  unless: noFilter,
  async run(trial: Trial) {
    trial.needs(trial.server.attribute('User', 'userName')?.caseExact === false, 'its user names are caseExact');
    const three = await threeUsers(trial);
    const name = otherCase(three.userName('bravo'));
    const requirement = 'RFC7644-3.4.2.2-31';
    await matches(trial, requirement, three, `userName eq ${quoted(name)}`, ['bravo'], false);
    for (const [operator, part] of [
      ['sw', name.slice(0, -4)],
      ['co', name.slice(2)],
    ]) {
      // Of an operator that is not supported at all, filter/parts tells.
      const { answer } = await find(trial, `userName ${operator} ${quoted(otherCase(String(part)))}`);
      if (answer.status === 200)
        await matches(trial, requirement, three, `userName ${operator} ${quoted(String(part))}`, ['bravo'], false);
    }
  },
};

const exact: Check = {
  id: 'filter/case-exact',
  title: 'Texts that are caseExact match in their own case only',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-32', 'RFC7643-7-12', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const candidates = ['externalId', ...texts(trial.server)];
    const name = candidates.find((each) => trial.server.attribute('User', each)?.caseExact);
    trial.needs(name !== undefined, 'it has no text attribute of users that is caseExact');
    const value = trial.name('exact');
    const user = await trial.makeUser({ [name]: value });
    trial.needs(at(await current(trial, user), name) === value, `it does not keep ${name}`);
    await visibleUser(trial, user);
    const own = await find(trial, `${name} eq ${quoted(value)}`);
    if (declines(trial, own.answer)) return;
    const message = `${name} eq ${quoted(value)} should match its user; it got ${came(own.answer)}`;
    if (!trial.holds('RFC7644-3.4.2.2-32', own.ids.includes(user.id), message)) return;
    const other = await find(trial, `${name} eq ${quoted(otherCase(value))}`);
    const told = `${name} is caseExact, so ${quoted(otherCase(value))} should not match ${quoted(value)}; it does`;
    trial.holds('RFC7644-3.4.2.2-32', !other.ids.includes(user.id), told);
    trial.holds('RFC7643-7-12', !other.ids.includes(user.id), told);
  },
};

const booleans: Check = {
  id: 'filter/booleans',
  title: 'Booleans are compared as true and false, and have no order',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-25', 'RFC7644-3.4.2.2-16', 'RFC7644-3.4.2.2-17', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    trial.needs(trial.server.attribute('User', 'active')?.type === 'boolean', 'its users have no `active`');
    for (const operator of ['gt', 'ge']) await refusedFilter(trial, 'RFC7644-3.4.2.2-16', `active ${operator} true`);
    for (const operator of ['lt', 'le']) await refusedFilter(trial, 'RFC7644-3.4.2.2-17', `active ${operator} true`);
    const three = await threeUsers(trial, (word) => ({ active: word !== 'bravo' }));
    const bravo = at(await current(trial, three.bravo), 'active');
    trial.needs(bravo === false, 'a user made with `active` false is not shown so');
    const requirement = 'RFC7644-3.4.2.2-25';
    await matches(trial, requirement, three, `${three.own} and active eq true`, ['alpha', 'charlie']);
    await matches(trial, requirement, three, `${three.own} and active eq false`, ['bravo']);
  },
};

const binaries: Check = {
  id: 'filter/binaries',
  title: 'Binaries have no order',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-16', 'RFC7644-3.4.2.2-17'],
  unless: (server) =>
    noFilter(server) ??
    (server.attribute('User', 'x509Certificates.value')?.type === 'binary'
      ? null
      : 'its users have no x509Certificates'),
  async run(trial: Trial) {
    const type = trial.server.attribute('User', 'x509Certificates.value')?.type;
    trial.needs(type === 'binary', 'its users have no x509Certificates');
    await refusedFilter(trial, 'RFC7644-3.4.2.2-16', 'x509Certificates.value gt "bGlua3NwYW4="');
    await refusedFilter(trial, 'RFC7644-3.4.2.2-17', 'x509Certificates.value le "bGlua3NwYW4="');
  },
};

const times: Check = {
  id: 'filter/times',
  title: 'Times are compared as moments, whatever their zone',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-15', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const user = await trial.makeUser();
    const userName = String(sent(user).userName);
    await visibleUser(trial, user);
    const shownAs = at(await current(trial, user), 'meta', 'created');
    const created = typeof shownAs === 'string' ? Date.parse(shownAs) : Number.NaN;
    trial.needs(!Number.isNaN(created), 'its users have no meta.created');
    const [hour, day] = [3_600_000, 86_400_000];
    const cases: [time: string, isAfter: boolean][] = [
      [new Date(created - day).toISOString(), true],
      [new Date(created + day).toISOString(), false],
      [withoutFraction(new Date(created - 2_000)), true],
      // An hour off, written so that a comparison of the texts says the opposite.
      [inZone(created - hour, 10), true],
      [inZone(created + hour, -10), false],
    ];
    for (const [time, isAfter] of cases)
      for (const operator of ['gt', 'ge', 'lt', 'le']) {
        const filter = `userName eq ${quoted(userName)} and meta.created ${operator} "${time}"`;
        const { answer, ids } = await find(trial, filter);
        if (declines(trial, answer)) return;
        const isWanted = isAfter === operator.startsWith('g');
        const message = `created is ${shown(shownAs)}, so ${filter} should ${isWanted ? '' : 'not '}match; it got ${came(answer)} and ${ids.length} resources`;
        trial.holds('RFC7644-3.4.2.2-15', answer.status === 200 && ids.includes(user.id) === isWanted, message);
      }
  },
};

const withoutFraction = (time: Date) => time.toISOString().replace(/\.\d+/, '');

/** @param hours of its zone. */
function inZone(time: number, hours: number): string {
  const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
  return new Date(time + hours * 3_600_000).toISOString().replace('Z', zone);
}

const escapes: Check = {
  id: 'filter/escapes',
  title: 'Texts in filters are JSON: quotes, backslashes, brackets and operators in them are text',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-25', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const { user: plain, name } = await userWithText(trial);
    if (declines(trial, (await find(trial, `${name} eq ${quoted(String(sent(plain)[name]))}`)).answer)) return;
    for (const text of ['a "quoted" word', 'a back\\slash', 'this and that] or (not "it")', 'L\u00e9on \u6f22']) {
      const value = `${text} ${trial.name()}`;
      const user = await trial.makeUser({ [name]: value });
      if (at(await current(trial, user), name) !== value) continue;
      await visibleUser(trial, user);
      for (const written of new Set([quoted(value), ascii(quoted(value))])) {
        const { answer, ids } = await find(trial, `${name} eq ${written}`);
        const message = `${name} eq ${written} should match one user; it got ${came(answer)} and ${ids.length} resources`;
        trial.holds('RFC7644-3.4.2.2-25', answer.status === 200 && ids.join() === user.id, message);
      }
    }
  },
};

/** With letters beyond ASCII as \u escapes. */
function ascii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const prepared: Check = {
  id: 'filter/prepared-names',
  title: 'User names that differ only in how a letter is composed are found by either form',
  feature: 'filter',
  requirements: ['RFC7644-7.8-1'],
  unless: noFilter,
  async run(trial: Trial) {
    const userName = `ren\u00e9-${trial.name()}@example.com`;
    const user = await trial.makeUser({ userName });
    trial.needs(
      String(at(await current(trial, user), 'userName')).normalize() === userName,
      'it keeps user names in ASCII',
    );
    await visibleUser(trial, user);
    for (const form of ['NFC', 'NFD']) {
      const { answer, ids } = await find(trial, `userName eq ${quoted(userName.normalize(form))}`);
      const message = `the name in the form ${form} should match its user; it got ${came(answer)} and ${ids.length} resources`;
      trial.holds('RFC7644-7.8-1', ids.join() === user.id, message);
    }
  },
};

const incomparable: Check = {
  id: 'filter/incomparable',
  title: 'A comparison that makes no sense is refused as "invalidFilter", or matches nobody',
  feature: 'filter',
  requirements: ['RFC7644-3.12-18'],
  unless: noFilter,
  async run(trial: Trial) {
    const has = (name: string) => trial.server.attribute('User', name) !== null;
    const filters = [
      'userName eq 7',
      'meta.created gt "yesterday"',
      'meta.created lt "yesterday"',
      ...(has('active') ? ['active co "ru"', 'active eq "perhaps"'] : []),
    ];
    for (const filter of filters) {
      const { answer, ids } = await find(trial, filter, '&count=1');
      const isRefused = answer.status === 400 && at(answer.json, 'scimType') === 'invalidFilter';
      const isNobody = answer.status === 200 && ids.length === 0;
      const message = `${filter} should be refused with 400 "invalidFilter", or match nobody; it got ${came(answer)}`;
      if (!trial.holds('RFC7644-3.12-18', isRefused || isNobody, message)) return;
    }
  },
};

export const checks: readonly Check[] = [
  insensitive,
  exact,
  booleans,
  binaries,
  times,
  escapes,
  prepared,
  incomparable,
];
