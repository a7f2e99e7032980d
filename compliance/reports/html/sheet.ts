/** The score sheet: a mark for every requirement, by feature and level. What is not met leads to its check. */
import { FEATURES, type Level, type Result, type Run } from '../../model.ts';
import { count, type Judged, levelsOf, OUTCOMES, outcomeOf, type Score, type Standing, tried } from '../score.ts';
import { anchor, link } from './check.ts';
import { type Content, type Markup, markup } from './markup.ts';

const STANDINGS: Record<Standing, string> = {
  met: 'Met',
  unmet: 'Not met',
  waived: 'Waived',
  untried: 'Not tried',
  unseen: 'Cannot be seen from outside',
};

export function sheet(run: Run, score: Score): Markup {
  const shown = levelsOf(score);
  return markup`<section aria-labelledby="sheet" class="sheet">
<h2 id="sheet">Score by feature</h2>
<p class="lead-in">One mark for each requirement. Those that are not met lead to the check that shows it.</p>
<ul class="legend" aria-hidden="true"><li><i class="met"></i> met</li><li><i class="unmet must"></i> MUST not met</li><li><i class="unmet"></i> SHOULD or MAY not met</li><li><i class="waived"></i> waived</li><li><i class="untried"></i> not tried</li><li><i class="unseen"></i> cannot be seen from outside</li></ul>
<table role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col" class="feature">Feature</th>${shown.map((level) => markup`<th role="columnheader" scope="col"${level === 'MUST' && markup` class="musts"`}>${level}</th>`)}</tr></thead>
<tbody role="rowgroup">
${score.features.map(
  ({
    feature,
    levels,
  }) => markup`<tr role="row"><th role="rowheader" scope="row">${featureName(feature, run)}</th>${shown.map((level) => cell(level, levels[level]))}</tr>
`,
)}</tbody>
</table>
</section>
`;
}

/** Leads to what is worst of the feature; the script makes it choose the feature in the filter. */
function featureName(feature: keyof typeof FEATURES, run: Run): Content {
  const order = (result: Result) => OUTCOMES.indexOf(outcomeOf(result));
  const [worst] = run.results.filter((result) => result.feature === feature).sort((a, b) => order(a) - order(b));
  if (!worst) return FEATURES[feature];
  return markup`<a href="${link(anchor(worst))}" data-choose="${feature}">${FEATURES[feature]}</a>`;
}

function cell(level: Level, judged: readonly Judged[]): Markup {
  if (judged.length === 0)
    return markup`<td role="cell" class="empty" data-level="${level}"><span class="vh">none</span></td>`;
  const sum = count(judged);
  const words =
    tried(sum) === 0
      ? markup`<span class="count">\u2013<span class="vh"> none tried</span></span>`
      : markup`<span class="count"><span${sum.unmet > 0 && markup` class="less"`}>${sum.met}</span><span class="of"><span class="vh"> met of </span><span aria-hidden="true">/</span>${tried(sum)}</span></span>`;
  return markup`<td role="cell" data-level="${level}">${words}<span class="marks">${judged.map((each) => mark(level, each))}</span></td>`;
}

function mark(level: Level, { requirement, standing, results }: Judged): Markup {
  const title = `${STANDINGS[standing]}: ${requirement.text} (${requirement.id})`;
  const [first] = results;
  if (standing !== 'unmet' || !first) return markup`<i class="${standing}" title="${title}"></i>`;
  return markup`<a class="unmet${level === 'MUST' && ' must'}" href="${link(anchor(first))}" title="${title}"><span class="vh">${title}</span></a>`;
}
