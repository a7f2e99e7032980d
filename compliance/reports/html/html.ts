/**
 * A run as one page in one file: it asks the network for nothing, reads well without its script, and says nothing by colour
 * alone. What a server sent is escaped on the way in (markup.ts), and the page's policy forbids every script but its own.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FEATURES, type Feature, type Run } from '../../model.ts';
import { LEVELS, OUTCOMES, type Score, score } from '../score.ts';
import type { Requirements } from './check.ts';
import { Markup, markup } from './markup.ts';
import { levels, masthead } from './masthead.ts';
import { overview, type Rooms, sections } from './sections.ts';
import { sheet } from './sheet.ts';
import { OUTCOME_WORDS } from './words.ts';

/** Of the page, in bytes: browsers stay quick with it, and so does mail. */
const MOST_BYTES = 9_000_000;

/** Characters of a body where something is wrong, and where all is well: less and less until the page is small enough. */
const LIMITS = [
  [20_000, 20_000],
  [20_000, 4_000],
  [20_000, 1_000],
  [8_000, 300],
  [2_000, 0],
  [500, 0],
  [0, 0],
] as const;

/** @returns the page, to be written as UTF-8. */
export function html(run: Run): string {
  const sums = score(run);
  const requirements = new Map(run.requirements.map((requirement) => [requirement.id, requirement]));
  const style = file('page.css');
  const script = file('page.js');
  const base = run.url.replace(/\/$/, '');
  // What is surely too much is not even tried.
  const first = LIMITS.findIndex((limits) => bodies(run, limits) < MOST_BYTES);
  let text = '';
  for (const [faults, rest] of LIMITS.slice(first)) {
    text = page(
      run,
      sums,
      requirements,
      { faults: { base, limit: faults }, rest: { base, limit: rest } },
      style,
      script,
    );
    if (Buffer.byteLength(text) <= MOST_BYTES) break;
  }
  return text;
}

/** Characters of the bodies that would be shown, at the least. */
function bodies(run: Run, [faults, rest]: readonly [number, number]): number {
  let sum = 0;
  for (const { findings, exchanges } of run.results) {
    const limit = findings.length > 0 ? faults : rest;
    for (const { body, requestBody } of exchanges) {
      sum += Math.min(body.length, limit) + Math.min(requestBody?.length ?? 0, limit);
    }
  }
  return sum;
}

function page(run: Run, sums: Score, requirements: Requirements, rooms: Rooms, style: string, script: string): string {
  const policy = `default-src 'none'; img-src data:; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>SCIM 2.0 compliance of ${run.url.replace(/^https?:\/\//, '')}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="jump" href="#results">Skip to the checks</a>
${masthead(run, sums)}
<main>
${leftBehind(run)}
${levels(sums)}
${sheet(run, sums)}
<div id="results" tabindex="-1">
${overview(sums)}
${filter(run)}
${sections(run, sums, requirements, rooms)}
</div>
</main>
<footer><p>Made by <code>linkspan compliance</code>. Requests and answers are shown as they were; secrets are replaced by <code>***</code>. To repeat a request, copy it as curl and set <code>TOKEN</code> in your shell.</p></footer>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

function leftBehind(run: Run): Markup | null {
  if (run.leftBehind.length === 0) return null;
  return markup`<section class="left-behind" aria-labelledby="left-behind"><h2 id="left-behind">Left behind on the server</h2>
<p>The run made these and could not remove them. <code>linkspan compliance --clean-up</code> tries again; otherwise, please delete them.</p>
<ul>${run.leftBehind.map((url) => markup`<li><code>${url}</code></li>`)}</ul></section>`;
}

/** Without the script there is nothing to filter with, so it is the script that shows it. */
function filter(run: Run): Markup {
  const features = new Set([...run.results, ...run.requirements].map(({ feature }) => feature));
  return markup`<form class="filter" hidden role="search" aria-label="Checks">
<div class="words"><label for="words">Search</label><input id="words" type="search" name="words" autocomplete="off" spellcheck="false"></div>
${select('verdict', 'Result', [...OUTCOMES.map((outcome) => [outcome, OUTCOME_WORDS[outcome].word] as const), ['UNSEEN', 'Cannot be seen']])}
${select(
  'feature',
  'Feature',
  (Object.keys(FEATURES) as Feature[])
    .filter((feature) => features.has(feature))
    .map((feature) => [feature, FEATURES[feature]]),
)}
${select(
  'level',
  'Level',
  LEVELS.map((level) => [level, level]),
)}
<button type="reset">Show all</button>
<p class="shown" role="status"></p>
</form>
`;
}

function select(name: string, label: string, options: readonly (readonly [value: string, words: string])[]): Markup {
  return markup`<div><label for="${name}">${label}</label><select id="${name}" name="${name}"><option value="">All</option>${options.map(([value, words]) => markup`<option value="${value}">${words}</option>`)}</select></div>`;
}

function file(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
