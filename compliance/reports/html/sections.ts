/** What was found, the worst first. */
import { FEATURES, type Feature, type Requirement, type Result, type Run } from '../../model.ts';
import { OUTCOMES, type Outcome, outcomeOf, type Score } from '../score.ts';
import { card, line, type Requirements, skipped } from './check.ts';
import type { Room } from './exchange.ts';
import { type Content, type Markup, markup } from './markup.ts';
import { OUTCOME_WORDS, place, prose, sentence } from './words.ts';

export interface Rooms {
  /** For what is said to be wrong. */
  faults: Room;
  /** For what is well. */
  rest: Room;
}

/** The sections that there are, as links: summary and way at once. */
export function overview(score: Score): Markup {
  const { outcomes, judged } = score;
  const unseen = judged.filter(({ standing }) => standing === 'unseen').length;
  const entry = (id: string, sign: string, number: number, words: string) =>
    markup`<li><a class="${id}" href="#${id}"><span class="sign" aria-hidden="true">${sign}</span> <span class="number">${number}</span> ${words}</a></li>`;
  const words: Record<Outcome, string> = {
    FAIL: 'failed',
    WARN: 'warnings',
    WAIVED: 'waived',
    SKIP: 'not tried',
    PASS: 'passed',
  };
  return markup`<nav aria-label="Checks by what came of them" class="overview"><ul>
${OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => entry(outcome.toLowerCase(), OUTCOME_WORDS[outcome].sign, outcomes[outcome], words[outcome]))}
${unseen > 0 && entry('unseen', '\u2013', unseen, 'cannot be seen')}
</ul></nav>
`;
}

export function sections(run: Run, score: Score, requirements: Requirements, rooms: Rooms): Markup {
  const order = Object.keys(FEATURES) as Feature[];
  const of = (outcome: Outcome) =>
    run.results
      .filter((result) => outcomeOf(result) === outcome)
      .sort((a, b) => order.indexOf(a.feature) - order.indexOf(b.feature));
  const cards = (results: readonly Result[]) => results.map((result) => card(result, requirements, rooms.faults));
  return markup`${section('FAIL', of('FAIL'), cards)}
${section('WARN', of('WARN'), cards)}
${section('WAIVED', of('WAIVED'), cards)}
${section('SKIP', of('SKIP'), (results) =>
  grouped(
    results.map((result) => ({
      title: result.reason ?? 'No reason is given',
      item: skipped(result, requirements, rooms.rest),
    })),
    true,
  ),
)}
${neverLookedAt(score)}
${section('PASS', of('PASS'), (results) => byFeature(results, (result) => line(result, requirements, rooms.rest)))}
${unseen(score)}`;
}

function section(outcome: Outcome, results: readonly Result[], body: (results: readonly Result[]) => Content): Content {
  if (results.length === 0) return null;
  const { title, lead } = OUTCOME_WORDS[outcome];
  const id = outcome.toLowerCase();
  return framed(id, title, results.length, lead, body(results));
}

function framed(id: string, title: string, number: number, lead: string, body: Content): Markup {
  return markup`<section class="checks" id="${id}" aria-labelledby="${id}-title" tabindex="-1">
<h2 id="${id}-title">${title} <span class="number">${number}</span></h2>
<p class="lead-in">${lead}</p>
${body}
</section>
`;
}

function byFeature(results: readonly Result[], each: (result: Result) => Markup): Markup[] {
  return (Object.keys(FEATURES) as Feature[])
    .map((feature) => ({ feature, own: results.filter((result) => result.feature === feature) }))
    .filter(({ own }) => own.length > 0)
    .map(
      ({ feature, own }) => markup`<div class="group"><h3>${FEATURES[feature]}</h3>${own.map(each)}</div>
`,
    );
}

/** A run of some checks only leaves requirements that no check of it looked at. */
function neverLookedAt(score: Score): Content {
  const left = score.judged.filter(({ standing, results }) => standing === 'untried' && results.length === 0);
  if (left.length === 0) return null;
  const lead = 'No check of this run looked at these requirements.';
  const items = left.map(({ requirement }) => ({
    title: FEATURES[requirement.feature],
    item: requirementItem(requirement, 'SKIP'),
  }));
  return framed('unasked', 'What this run did not ask', left.length, lead, grouped(items, false));
}

function unseen(score: Score): Content {
  const left = score.judged.filter(({ standing }) => standing === 'unseen');
  if (left.length === 0) return null;
  const lead = 'Requirements of the standards that only somebody who knows the server from inside can answer for.';
  const items = left.map(({ requirement }) => ({
    title: requirement.unseen ?? '',
    item: requirementItem(requirement, 'UNSEEN'),
  }));
  return framed('unseen', 'What cannot be seen from outside', left.length, lead, grouped(items, false));
}

/** What has the same title, most often a reason, under it; what holds for many comes first. */
function grouped(items: readonly { title: string; item: Markup }[], open: boolean): Markup[] {
  const groups = new Map<string, Markup[]>();
  for (const { title, item } of items) groups.set(title, [...(groups.get(title) ?? []), item]);
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(
      ([
        title,
        list,
      ]) => markup`<details class="reason group"${open && markup` open`}><summary>${sentence(title)} <span class="number">${list.length}</span></summary>
<ul>${list}</ul></details>
`,
    );
}

function requirementItem(requirement: Requirement, verdict: string): Markup {
  return markup`<li class="skipped" id="requirement/${requirement.id}" data-item data-verdict="${verdict}" data-feature="${requirement.feature}" data-levels="${requirement.level}">
<div class="about"><p>${prose(requirement.text)}</p>
${place(requirement)}</div></li>
`;
}
