/** One check: as a card where something is to be said about it, otherwise as a line that opens. */
import { FEATURES, type Finding, type Requirement, type Result } from '../../model.ts';
import { outcomeOf } from '../score.ts';
import { exchangeMarkup, type Room } from './exchange.ts';
import { type Content, type Markup, markup } from './markup.ts';
import { place, plural, prose, sentence, sign, tag } from './words.ts';

export type Requirements = ReadonlyMap<string, Requirement>;

/** For links to it: "check/create/location". */
export function anchor(result: Result): string {
  return `check/${result.check}`;
}

export function link(id: string): string {
  return `#${encodeURI(id).replaceAll('#', '%23')}`;
}

/** What the filter goes by. */
function marks(result: Result, requirements: Requirements): Markup {
  const levels = new Set(result.requirements.map((id) => requirements.get(id)?.level));
  for (const { level } of result.findings) levels.add(level);
  return markup`id="${anchor(result)}" data-item data-verdict="${outcomeOf(result)}" data-feature="${result.feature}" data-levels="${[...levels].join(' ')}"`;
}

export function card(result: Result, requirements: Requirements, room: Room): Markup {
  const outcome = outcomeOf(result);
  const shown = new Set<number>();
  const findings = result.findings.map((finding) => findingMarkup(finding, result, requirements, room, shown));
  return markup`<article class="card ${outcome.toLowerCase()}" ${marks(result, requirements)}>
<div class="about">
<p class="kicker">${tag(outcome)} <span>${FEATURES[result.feature]}</span> <code class="id">${result.check}</code> ${self(result)}</p>
<h3>${prose(result.title)}</h3>
${
  result.waiver &&
  markup`<dl class="facts waiver"><div><dt>Why</dt><dd>${result.waiver.reason}</dd></div><div><dt>Decided in</dt><dd>${result.waiver.source}</dd></div></dl>`
}
${findings}
</div>
${rest(result, room, shown)}
</article>
`;
}

function findingMarkup(
  finding: Finding,
  result: Result,
  requirements: Requirements,
  room: Room,
  shown: Set<number>,
): Markup {
  const requirement = requirements.get(finding.requirement);
  const exchange = finding.exchange === null ? undefined : result.exchanges[finding.exchange];
  const again = finding.exchange !== null && shown.has(finding.exchange);
  if (finding.exchange !== null) shown.add(finding.exchange);
  const rows: Content[] = [
    row('Required', [
      requirement && markup`<p>${prose(requirement.text)}</p>`,
      requirement
        ? place(requirement)
        : markup`<p class="place"><strong class="level">${finding.level}</strong> <code>${finding.requirement}</code></p>`,
    ]),
    row('Found', markup`<p class="message">${sentence(finding.message)}</p>`),
    requirement?.remedy !== undefined && row('What to do', markup`<p>${prose(requirement.remedy)}</p>`),
    exchange &&
      row(
        'Shown by',
        again ? markup`<p class="none">The same request as above.</p>` : exchangeMarkup(exchange, room, true),
      ),
  ];
  return markup`<dl class="facts">${rows}</dl>`;
}

function row(term: string, description: Content): Markup {
  return markup`<div><dt>${term}</dt><dd>${description}</dd></div>`;
}

/** What went before: the requests that led to those that are shown already. */
function rest(result: Result, room: Room, shown: ReadonlySet<number>): Content {
  if (result.exchanges.every((_, index) => shown.has(index))) return null;
  const list = result.exchanges.map((exchange, index) => {
    if (!shown.has(index)) return markup`<li>${exchangeMarkup(exchange, room)}</li>`;
    return markup`<li><p class="above"><span class="verb">${exchange.method}</span> shown above</p></li>`;
  });
  return markup`<details class="rest"><summary>The whole conversation: ${plural(result.exchanges.length, 'request', 'requests')}</summary>
<ol>${list}</ol></details>`;
}

/** A check without anything to say against it. */
export function line(result: Result, requirements: Requirements, room: Room): Markup {
  const looked = result.requirements.map((id) => requirements.get(id)).filter((each) => each !== undefined);
  const notes = result.findings.map(({ level, message }) => markup`<p class="message">${level}: ${prose(message)}</p>`);
  return markup`<details class="line" ${marks(result, requirements)}>
<summary class="about">${sign(outcomeOf(result))} <span class="title">${prose(result.title)}</span> <code class="id">${result.check}</code></summary>
<div class="inner">
<p class="name">${self(result)} \u00b7 ${Math.round(result.duration)} ms</p>
${notes}
<ul class="looked">${looked.map((requirement) => markup`<li><p>${prose(requirement.text)}</p>${place(requirement)}</li>`)}</ul>
${result.exchanges.length > 0 && markup`<ol>${result.exchanges.map((exchange) => markup`<li>${exchangeMarkup(exchange, room)}</li>`)}</ol>`}
</div>
</details>
`;
}

/** Its reason stands above it and others. */
export function skipped(result: Result, requirements: Requirements, room: Room): Markup {
  return markup`<li class="skipped" ${marks(result, requirements)}>
<div class="about"><p><span class="title">${prose(result.title)}</span> <code class="id">${result.check}</code></p></div>
${rest(result, room, new Set())}
</li>
`;
}

function self(result: Result): Markup {
  return markup`<a class="self" href="${link(anchor(result))}">Link<span class="vh"> to this check: ${result.title}</span></a>`;
}
