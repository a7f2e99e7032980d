/** RFC 7644 section 3.4.2.2: what each operator means, and how they are put together. */
import type { Check, Trial } from '../trial.ts';
import {
  find,
  malformedFilter,
  matches,
  noFilter,
  refusedFilter,
  threeUsers,
  threeUsersWithText,
  visible,
} from './finding.ts';
import { at, came, otherCase, quoted, resources, shown } from './reading.ts';

const equal: Check = {
  id: 'filter/equal',
  title: 'eq finds the one user with that name',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-1', 'RFC7644-3.4.2.2-5', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const filter = `userName eq ${quoted(three.userName('bravo'))}`;
    const { answer, ids } = await find(trial, filter);
    const isFound = answer.status === 200 && ids.includes(three.bravo.id);
    const message = `${filter} should find the user; it was answered with ${came(answer)} and ${ids.length} resources`;
    trial.holds('RFC7644-3.4.2.2-5', isFound, message);
    const other = resources(answer).filter((each) => each.id !== three.bravo.id).length;
    const told = `${filter} should give one user; it gave ${other} that do not match, among ${shown(at(answer.json, 'totalResults'))}`;
    trial.holds('RFC7644-3.4.2.2-1', answer.status !== 200 || other === 0, told);
    await matches(trial, 'RFC7644-3.4.2.2-5', three, `userName eq ${quoted(three.userName('bravo').slice(1))}`, []);
  },
};

const notEqual: Check = {
  id: 'filter/not-equal',
  title: 'ne matches other values',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-6', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const filter = `${three.own} and userName ne ${quoted(three.userName('alpha'))}`;
    await matches(trial, 'RFC7644-3.4.2.2-6', three, filter, ['bravo', 'charlie']);
  },
};

const parts: Check = {
  id: 'filter/parts',
  title: 'co, sw and ew look for a text anywhere, at the beginning and at the end',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-7', 'RFC7644-3.4.2.2-8', 'RFC7644-3.4.2.2-9', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const { tail } = three;
    const [contains, starts, ends] = ['RFC7644-3.4.2.2-7', 'RFC7644-3.4.2.2-8', 'RFC7644-3.4.2.2-9'];
    const whole = three.userName('bravo');
    await matches(trial, contains, three, `userName co ${quoted(tail)}`, ['alpha', 'bravo', 'charlie']);
    await matches(trial, contains, three, `userName co ${quoted(whole.slice(2, -3))}`, ['bravo']);
    await matches(trial, contains, three, `userName co ${quoted(whole)}`, ['bravo']);
    await matches(trial, starts, three, `userName sw ${quoted(whole.slice(0, -4))}`, ['bravo']);
    await matches(trial, starts, three, `userName sw ${quoted(tail.slice(0, -4))}`, []);
    await matches(trial, starts, three, `userName sw ${quoted(whole)}`, ['bravo']);
    await matches(trial, ends, three, `userName ew ${quoted(`a${tail}`)}`, ['alpha']);
    await matches(trial, ends, three, `userName ew ${quoted(tail.slice(0, -4))}`, []);
    await matches(trial, ends, three, `userName ew ${quoted(whole)}`, ['bravo']);
  },
};

const present: Check = {
  id: 'filter/present',
  title: 'pr matches who has a value',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-10', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const { three, name } = await threeUsersWithText(trial);
    await matches(trial, 'RFC7644-3.4.2.2-10', three, `${three.own} and ${name} pr`, ['alpha', 'bravo']);
    await matches(trial, 'RFC7644-3.4.2.2-10', three, `${three.own} and not (${name} pr)`, ['charlie']);
  },
};

const order: Check = {
  id: 'filter/order',
  title: 'gt, ge, lt and le compare texts by their order',
  feature: 'filter',
  requirements: [
    'RFC7644-3.4.2.2-11',
    'RFC7644-3.4.2.2-12',
    'RFC7644-3.4.2.2-13',
    'RFC7644-3.4.2.2-14',
    'RFC7644-3.4.2.2-33',
  ],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const than = (operator: string) => `${three.own} and userName ${operator} ${quoted(three.userName('bravo'))}`;
    await matches(trial, 'RFC7644-3.4.2.2-11', three, than('gt'), ['charlie']);
    await matches(trial, 'RFC7644-3.4.2.2-12', three, than('ge'), ['bravo', 'charlie']);
    await matches(trial, 'RFC7644-3.4.2.2-13', three, than('lt'), ['alpha']);
    await matches(trial, 'RFC7644-3.4.2.2-14', three, than('le'), ['alpha', 'bravo']);
  },
};

const logic: Check = {
  id: 'filter/logic',
  title: 'and, or and not do what they say',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-18', 'RFC7644-3.4.2.2-19', 'RFC7644-3.4.2.2-20', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const is = (word: 'alpha' | 'bravo') => `userName eq ${quoted(three.userName(word))}`;
    const [and, or, not] = ['RFC7644-3.4.2.2-18', 'RFC7644-3.4.2.2-19', 'RFC7644-3.4.2.2-20'];
    await matches(trial, and, three, `${is('alpha')} and ${is('bravo')}`, []);
    await matches(trial, or, three, `${is('alpha')} or ${is('bravo')}`, ['alpha', 'bravo']);
    await matches(trial, and, three, `${three.own} and ${is('alpha')}`, ['alpha']);
    await matches(trial, not, three, `${three.own} and not (${is('alpha')})`, ['bravo', 'charlie']);
  },
};

const precedence: Check = {
  id: 'filter/precedence',
  title: 'not binds tighter than and, and tighter than or',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-26', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const is = (word: 'alpha' | 'bravo' | 'charlie') => `userName eq ${quoted(three.userName(word))}`;
    const requirement = 'RFC7644-3.4.2.2-26';
    await matches(trial, requirement, three, `${is('alpha')} or ${is('bravo')} and ${is('charlie')}`, ['alpha']);
    await matches(trial, requirement, three, `${is('bravo')} and ${is('charlie')} or ${is('alpha')}`, ['alpha']);
    await matches(trial, requirement, three, `not (${is('alpha')}) and ${is('bravo')}`, ['bravo']);
  },
};

const grouping: Check = {
  id: 'filter/grouping',
  title: 'Round brackets group',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-21', 'RFC7644-3.4.2.2-33'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const is = (word: 'alpha' | 'bravo' | 'charlie') => `userName eq ${quoted(three.userName(word))}`;
    const requirement = 'RFC7644-3.4.2.2-21';
    await matches(trial, requirement, three, `(${is('alpha')} or ${is('bravo')}) and ${is('bravo')}`, ['bravo']);
    const areTaken = trial.last().status === 200;
    const nested = `((${is('alpha')}) or (${is('bravo')} and (${is('bravo')} or ${is('charlie')})))`;
    await matches(trial, requirement, three, nested, ['alpha', 'bravo'], !areTaken);
  },
};

const nameCase: Check = {
  id: 'filter/name-case',
  title: 'Names of attributes and operators are case insensitive',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-2', 'RFC7644-3.4.2.2-3'],
  unless: noFilter,
  async run(trial: Trial) {
    const three = await threeUsers(trial);
    const value = quoted(three.userName('bravo'));
    for (const name of ['USERNAME', otherCase('userName')])
      if (!(await matches(trial, 'RFC7644-3.4.2.2-2', three, `${name} eq ${value}`, ['bravo'], false))) break;
    for (const operator of ['Eq', 'EQ'])
      if (!(await matches(trial, 'RFC7644-3.4.2.2-3', three, `userName ${operator} ${value}`, ['bravo'], false))) break;
  },
};

const malformed: Check = {
  id: 'filter/malformed',
  title: 'A filter against the grammar is refused with "invalidFilter"',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-4', 'RFC7644-3.4.2.2-24', 'RFC7644-3.12-19'],
  unless: noFilter,
  async run(trial: Trial) {
    const value = quoted(trial.name());
    for (const incomplete of ['userName', 'userName eq', `eq ${value}`])
      await malformedFilter(trial, 'RFC7644-3.4.2.2-4', incomplete);
    for (const wrong of [
      `(userName eq ${value}`,
      `userName eq ${value})`,
      `userName eq ${value} and`,
      `userName eq ${value} userName pr`,
      `userName eq ${value.slice(0, -1)}`,
    ])
      await malformedFilter(trial, 'RFC7644-3.4.2.2-24', wrong);
  },
};

const unknownOperator: Check = {
  id: 'filter/unknown-operator',
  title: 'An operator that is not known is refused, and the answer says why',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-30'],
  unless: noFilter,
  async run(trial: Trial) {
    const isRefused = await refusedFilter(trial, 'RFC7644-3.4.2.2-30', `userName regex ${quoted(trial.name())}`);
    if (!isRefused) return;
    const detail = at(trial.last().json, 'detail');
    const isSaid = typeof detail === 'string' && detail !== '';
    trial.holds(
      'RFC7644-3.4.2.2-30',
      isSaid,
      `the answer should say in words what is wrong; detail is ${shown(detail)}`,
    );
  },
};

const group: Check = {
  id: 'filter/groups',
  title: 'Groups are found by their name',
  feature: 'filter',
  requirements: ['RFC7644-3.4.2.2-1', 'RFC7644-3.4.2.2-5'],
  unless: (server) => noFilter(server) ?? (server.hasGroups ? null : 'it has no groups'),
  async run(trial: Trial) {
    const [name, other] = [trial.name('group'), trial.name('group')];
    const wanted = await trial.makeGroup({ displayName: name });
    await trial.makeGroup({ displayName: other });
    const filter = `displayName eq ${quoted(name)}`;
    await visible(trial, filter, wanted.id, 'Group');
    const { answer, ids } = await find(trial, filter, '', 'Group');
    const message = `${filter} should find the group; it was answered with ${came(answer)} and ${ids.length} resources`;
    trial.holds('RFC7644-3.4.2.2-5', answer.status === 200 && ids.includes(wanted.id), message);
    const others = ids.filter((id) => id !== wanted.id).length;
    trial.holds('RFC7644-3.4.2.2-1', others === 0, `${filter} should give one group; it gave ${others} others`);
  },
};

export const checks: readonly Check[] = [
  equal,
  notEqual,
  parts,
  present,
  order,
  logic,
  precedence,
  grouping,
  nameCase,
  malformed,
  unknownOperator,
  group,
];
