/** The words and signs of the page. Every colour comes with one of each. */
import type { Requirement } from '../../model.ts';
import type { Outcome } from '../score.ts';
import { type Markup, markup } from './markup.ts';

export const OUTCOME_WORDS: Record<Outcome, { sign: string; word: string; title: string; lead: string }> = {
  FAIL: {
    sign: '\u2715',
    word: 'Failed',
    title: 'What is not met',
    lead: 'The standard says MUST, and the server does otherwise. Clients may rely on each of these.',
  },
  WARN: {
    sign: '!',
    word: 'Warning',
    title: 'What should be better',
    lead: 'The standard says SHOULD: there may be good reasons to do otherwise, and clients have to cope.',
  },
  WAIVED: {
    sign: '\u2261',
    word: 'Waived',
    title: 'What is decided otherwise',
    lead: "Not met, and known: the server's owner has decided so, and says why.",
  },
  SKIP: {
    sign: '\u25cb',
    word: 'Not tried',
    title: 'What was not tried',
    lead: 'Optional features that the server does not advertise, and what could not be reached. They count neither for nor against.',
  },
  PASS: {
    sign: '\u2713',
    word: 'Passed',
    title: 'What passed',
    lead: 'Each with the conversation that shows it.',
  },
};

export function tag(outcome: Outcome): Markup {
  const { sign, word } = OUTCOME_WORDS[outcome];
  return markup`<span class="tag ${outcome.toLowerCase()}"><span class="sign" aria-hidden="true">${sign}</span> ${word}</span>`;
}

/** Where the same word would stand on every line. */
export function sign(outcome: Outcome): Markup {
  return markup`<span class="tag ${outcome.toLowerCase()}" aria-hidden="true">${OUTCOME_WORDS[outcome].sign}</span><span class="vh">${OUTCOME_WORDS[outcome].word}: </span>`;
}

/** Where a requirement stands: its level, the section with a link, the lines, its id. */
export function place(requirement: Requirement): Markup {
  const where = `${requirement.source}, ${/^[\dA-Z.]+$/.test(requirement.section) ? 'section ' : ''}${requirement.section}`;
  // Only an address of the web is worth a link; requirements may come from a file that somebody else wrote.
  const linked = /^https?:\/\//i.test(requirement.url)
    ? markup`<a href="${requirement.url}" rel="noreferrer">${where}</a>`
    : where;
  return markup`<p class="place"><strong class="level">${requirement.level}</strong> ${linked}${
    requirement.lines !== null && `, lines ${requirement.lines.replace('-', '\u2013')}`
  } <code>${requirement.id}</code></p>`;
}

/** Checks begin what they say in lower case, as terminals show it; names such as totalResults stay as they are. */
export function sentence(text: string): Markup[] {
  return prose(text.replace(/^\p{Ll}+(?=[\s,;:.]|$)/u, (word) => word.charAt(0).toUpperCase() + word.slice(1)));
}

/** Words between backticks are names. */
export function prose(text: string): Markup[] {
  return text.split(/(`[^`\n]+`)/).map((part) => {
    return part.length > 2 && part.startsWith('`') ? markup`<code>${part.slice(1, -1)}</code>` : markup`${part}`;
  });
}

export function plural(number: number, one: string, many: string): string {
  return `${number.toLocaleString('en')} ${number === 1 ? one : many}`;
}
