/** The top of the page: which server, how it did, and what the run was. */
import type { Level, Run } from '../../model.ts';
import { PROFILES } from '../../profiles.ts';
import { type Count, levelsOf, percent, type Score, tried } from '../score.ts';
import { type Content, type Markup, markup } from './markup.ts';
import { plural } from './words.ts';

export function masthead(run: Run, score: Score): Markup {
  return markup`<header class="masthead">
<p class="over">SCIM 2.0 compliance report</p>
<h1>${title(run.url)}</h1>
<p class="lead ${score.levels.MUST.unmet > 0 ? 'bad' : 'good'}">${headline(score)}</p>
<p class="sub">${subline(score)}</p>
<dl class="run">
${fact('Measured against', `${PROFILES[run.profile].title}, ${run.manner}`)}
${fact('Measured', markup`<time datetime="${run.startedAt}">${moment(run.startedAt)}</time>, ${plural(run.requests, 'request', 'requests')} in ${seconds(run.duration)}`)}
${fact('The server advertises', run.server === '' ? 'nothing' : run.server)}
</dl>
</header>
`;
}

function fact(term: string, description: Content): Markup {
  return markup`<div><dt>${term}</dt><dd>${description}</dd></div>`;
}

/** The part that tells servers apart stands out. */
function title(url: string): Markup {
  const [, scheme, rest] = /^(\w+:\/\/)(.*)$/s.exec(url) ?? ['', '', url];
  // Long addresses break after a slash.
  const parts = (rest ?? '').split(/(?<=\/)/).map((part, index) => markup`${index > 0 && markup`<wbr>`}${part}`);
  return markup`<span class="scheme">${scheme}</span>${parts}`;
}

function headline({ levels: { MUST } }: Score): string {
  if (tried(MUST) === 0) return 'No MUST was tried.';
  if (MUST.unmet === 1) return `1 of ${tried(MUST)} MUSTs is not met.`;
  if (MUST.unmet > 0) return `${MUST.unmet} of ${tried(MUST)} MUSTs are not met.`;
  if (MUST.waived > 0) return 'Every MUST that was tried is met, or waived.';
  return `All ${tried(MUST)} MUSTs that were tried are met.`;
}

function subline({ levels, outcomes, judged }: Score): string {
  const waived = judged.filter(({ standing }) => standing === 'waived').length;
  const untried = judged.filter(({ standing }) => standing === 'untried').length;
  return [
    levels.SHOULD.unmet > 0 && `${plural(levels.SHOULD.unmet, 'SHOULD is', 'SHOULDs are')} not met.`,
    waived > 0 && `${plural(waived, 'deviation is', 'deviations are')} waived, with a reason.`,
    untried > 0 && `${plural(untried, 'requirement was', 'requirements were')} not tried.`,
    `${plural(outcomes.PASS, 'check', 'checks')} passed.`,
  ]
    .filter((each) => each !== false)
    .join(' ');
}

/** Three numbers that say most of it. */
export function levels(score: Score): Markup {
  return markup`<section aria-labelledby="levels" class="levels"><h2 id="levels" class="vh">Score by level</h2>
${levelsOf(score).map((level) => {
  const count = score.levels[level];
  return markup`<div class="figure"><h3>${level}</h3>
<p class="big">${count.met}<span> of ${tried(count)} met</span></p>
${bar(level, count)}
<p class="small">${details(count)}</p></div>
`;
})}</section>
`;
}

function details(count: Count): string {
  const share = percent(count);
  const parts = [
    share !== null && `${share} %`,
    count.unmet > 0 && `${count.unmet} not met`,
    count.waived > 0 && `${count.waived} waived`,
    count.untried > 0 && `${count.untried} not tried`,
    count.unseen > 0 && `${count.unseen} cannot be seen`,
  ];
  return parts.filter((part) => part !== false).join(' \u00b7 ');
}

/** Says nothing that the words beside it do not say. */
function bar(level: Level, count: Count): Markup {
  const all = tried(count);
  if (all === 0)
    return markup`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"></svg>`;
  const share = (part: number) => Number(((part / all) * 100).toFixed(2));
  const [met, waived, unmet] = [share(count.met), share(count.waived), share(count.unmet)];
  return markup`<svg class="bar" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-met" width="${met}" height="1"/><rect class="bar-waived" x="${met}" width="${waived}" height="1"/><rect class="bar-${level.toLowerCase()}" x="${100 - unmet}" width="${unmet}" height="1"/></svg>`;
}

function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const words = date.toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  return `${words} UTC`;
}

function seconds(millis: number): string {
  return millis < 120_000 ? `${(millis / 1000).toFixed(1)} s` : `${Math.round(millis / 60_000)} minutes`;
}
