/** Queries among the users of one check: three of them, told apart by the first word of their names. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from '../model.ts';
import type { JsonObject, Made, Server, Trial } from '../trial.ts';
import { endpointOf, isCleared, texts } from './picking.ts';
import { at, came, current, filtered, quoted, refused, resources, sent, shown, succeeded, text } from './reading.ts';

export const noFilter = ({ supports }: Server) => (supports.filter ? null : 'it does not advertise filters');

export const WORDS = ['alpha', 'bravo', 'charlie'] as const;
export type Word = (typeof WORDS)[number];

/** Users by their word. They are made in another order than that of the alphabet. */
export interface Three extends Record<Word, Made> {
  /** Of one of them. */
  userName(word: Word): string;
  /** What the names of these three end with, and no other's. */
  tail: string;
  /** A filter that matches these three. */
  own: string;
}

export async function threeUsers(trial: Trial, extra: (word: Word) => JsonObject = () => ({})): Promise<Three> {
  const tail = `-${trial.name()}@example.com`;
  const userName = (word: Word) => `${word}${tail}`;
  const make = (word: Word) => trial.makeUser({ userName: userName(word), ...extra(word) });
  const bravo = await make('bravo');
  const charlie = await make('charlie');
  const alpha = await make('alpha');
  for (const [word, { id }] of Object.entries({ alpha, bravo, charlie }))
    await visible(trial, `userName eq ${quoted(`${word}${tail}`)}`, id);
  return { alpha, bravo, charlie, tail, userName, own: `userName co ${quoted(tail)}` };
}

/** The same, and the filter that matches these three works: ends the check where it does not. */
export async function threeFound(
  trial: Trial,
  extra?: (word: Word) => JsonObject,
): Promise<Three & { /** In the order of the answer. */ ids: string[] }> {
  const three = await threeUsers(trial, extra);
  const { answer, ids } = await find(trial, three.own);
  const isFound = ids.length === 3 && WORDS.every((word) => ids.includes(three[word].id));
  trial.needs(isFound, `three new users are not found by a filter that matches them alone: ${came(answer)}`);
  return { ...three, ids };
}

/** The same, with a text attribute that is the word; `charlie` has none. */
export async function threeUsersWithText(trial: Trial): Promise<{ three: Three; name: string }> {
  for (const name of texts(trial.server)) {
    const three = await threeUsers(trial, (word) => (word === 'charlie' ? {} : { [name]: `${word} text` }));
    const [alpha, charlie] = [await current(trial, three.alpha), await current(trial, three.charlie)];
    if (at(alpha, name) === 'alpha text' && isCleared(at(charlie, name))) return { three, name };
  }
  trial.needs(false, 'it keeps no plain text attribute of users');
  throw new Error('unreachable');
}

/** An index may lag behind: what was made is looked for a few times. Goes on either way. */
export async function visible(
  trial: Trial,
  filter: string,
  id: string,
  type: 'User' | 'Group' = 'User',
): Promise<void> {
  for (const wait of [0, 200, 500, 1_000, 2_000]) {
    await sleep(wait);
    const { answer, ids } = await find(trial, filter, '', type);
    if (ids.includes(id) || !succeeded(answer)) return;
  }
}

/** The same for a user that was made by itself. */
export async function visibleUser(trial: Trial, user: Made): Promise<void> {
  await visible(trial, `userName eq ${quoted(String(sent(user).userName))}`, user.id);
}

export interface Found {
  answer: Exchange;
  /** Of the resources in the answer. */
  ids: string[];
}

/** @param rest of the query: "&count=2". */
export async function find(trial: Trial, filter: string, rest = '', type: 'User' | 'Group' = 'User'): Promise<Found> {
  const answer = await trial.send('GET', `${endpointOf(trial.server, type)}?${filtered(filter)}${rest}`);
  return { answer, ids: succeeded(answer) ? resources(answer).flatMap((each) => text(each.id) ?? []) : [] };
}

/**
 * Table 3 of RFC 7644 lists the operators without exception, and Table 9 has an error for comparisons that are not supported: so
 * a refusal that says so is at most against a SHOULD. Whether it says so in the right words, filter/unknown-operator looks at.
 */
export const OPERATORS = 'RFC7644-3.4.2.2-33';

export function declines(trial: Trial, answer: Exchange): boolean {
  const isSaid = answer.status === 501 || answer.status === 400;
  const filter = () => new URL(answer.url).searchParams.get('filter') ?? '';
  if (!isSaid || isNews(trial, `${OPERATORS} ${came(answer)}`))
    trial.holds(OPERATORS, !isSaid, () => `${filter()} is not supported: ${came(answer)}`, answer);
  return isSaid;
}

const told = new WeakMap<Trial, Set<string>>();

/** What a check has said once, it need not say of every filter that it tries. */
function isNews(trial: Trial, fact: string): boolean {
  const known = told.get(trial) ?? new Set();
  told.set(trial, known);
  return !known.has(fact) && Boolean(known.add(fact));
}

/**
 * Notes whether a filter matches those of the three, and nobody else. @param mayDecline where another spelling of a simple
 * comparison is tried, it may not. @returns true also where it was declined.
 */
export async function matches(
  trial: Trial,
  requirement: string,
  three: Three,
  filter: string,
  wanted: readonly Word[],
  mayDecline = true,
): Promise<boolean> {
  const { answer, ids } = await find(trial, filter);
  if (mayDecline && answer.status !== 200 && filter.startsWith(`${three.own} and `)) await ownIsFound(trial, three);
  if (mayDecline && declines(trial, answer)) return true;
  const words = WORDS.filter((word) => ids.includes(three[word].id));
  const others = ids.length - words.length;
  const isRight = answer.status === 200 && others === 0 && words.join() === wanted.join();
  return trial.holds(requirement, isRight, () => {
    const found = [...words, ...(others > 0 ? [`${others} not made here`] : [])].join(' and ') || 'nobody';
    const came_ = answer.status === 200 ? `it matched ${found}` : `it was answered with ${came(answer)}`;
    return `${filter} should match ${wanted.join(' and ') || 'nobody'}; ${came_}`;
  });
}

/** Where the filter that finds these three is not supported, a check that builds on it cannot be tried: filter/parts says so. */
async function ownIsFound(trial: Trial, { own }: Three): Promise<void> {
  const { answer } = await find(trial, own);
  trial.needs(answer.status === 200, `its users cannot be told from others: ${own} got ${came(answer)}`);
}

/** Notes whether a filter against the grammar is refused, and called invalid. */
export async function malformedFilter(trial: Trial, requirement: string, filter: string): Promise<void> {
  const { answer } = await find(trial, filter);
  const told = `${filter} should be refused; it was answered with ${came(answer)}`;
  if (!trial.holds(requirement, refused(answer), told)) return;
  const scimType = at(answer.json, 'scimType');
  const message = `expected 400 "invalidFilter" for ${filter}, got ${came(answer)}, scimType ${shown(scimType)}`;
  const isNamed = answer.status === 400 && scimType === 'invalidFilter';
  if (isNamed || isNews(trial, `${answer.status} ${shown(scimType)}`)) trial.holds('RFC7644-3.12-19', isNamed, message);
}

/** Notes whether a comparison is refused as RFC 7644 demands: 400 "invalidFilter". */
export async function refusedFilter(trial: Trial, requirement: string, filter: string): Promise<boolean> {
  const { answer } = await find(trial, filter);
  const scimType = at(answer.json, 'scimType');
  const isRefused = answer.status === 400 && scimType === 'invalidFilter';
  const said = answer.status === 400 ? `, scimType ${shown(scimType)}` : '';
  const message = `${filter} should be refused with 400 "invalidFilter"; it was answered with ${came(answer)}${said}`;
  return trial.holds(requirement, isRefused, message);
}
