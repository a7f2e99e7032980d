/** A run for a person at a terminal: the sums, then what fails, each with its place in the RFC, what was seen and what to do. */
import { styleText } from 'node:util';
import { FEATURES, type Finding, type Level, type Result, type Run } from '../model.ts';
import { printableLine } from './printable.ts';
import { type Count, count, type Outcome, outcomeOf, percent, type Score, score, tried } from './score.ts';

export interface TerminalOptions {
  columns: number;
  color: boolean;
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

export function terminal(run: Run, { columns, color }: TerminalOptions): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  const sums = score(run);
  const shown = run.results.filter((result) => ['FAIL', 'WARN', 'WAIVED'].includes(outcomeOf(result)));
  const order = ['FAIL', 'WARN', 'WAIVED'];
  const worstFirst = shown.toSorted((a, b) => order.indexOf(outcomeOf(a)) - order.indexOf(outcomeOf(b)));
  const context: Context = { run, paint, columns: Math.max(40, columns) };
  return [
    ...worstFirst.flatMap((result) => [...fault(result, context), '']),
    ...skipped(run.results, context),
    ...features(sums, context),
    '',
    ...leftBehind(run, context),
    ...wrapped(summary(run, sums), context.columns).map((line) => paint('bold', line)),
    verdicts(sums, context),
  ].join('\n');
}

interface Context {
  run: Run;
  paint(style: Style, text: string): string;
  columns: number;
}

const COLORS: Record<Outcome, Style> = { FAIL: 'red', WARN: 'yellow', WAIVED: 'dim', SKIP: 'dim', PASS: 'green' };

/** Of one requirement in one check; the other reports have all. */
const SHOWN = 2;

function fault(result: Result, { run, paint, columns }: Context): string[] {
  const outcome = outcomeOf(result);
  const places = new Map<string, Finding[]>();
  for (const finding of result.findings)
    places.set(finding.requirement, [...(places.get(finding.requirement) ?? []), finding]);
  const found = [...places].flatMap(([id, findings]) => {
    const requirement = run.requirements.find((each) => each.id === id);
    const place = requirement
      ? `${requirement.source} ${requirement.section}${requirement.lines ? `, lines ${requirement.lines}` : ''}`
      : '';
    return [
      ...indented(`${id}  ${findings[0]?.level ?? ''}  ${requirement?.text ?? ''}`, 2, columns),
      ...indented(place, 4, columns).map((line) => paint('dim', line)),
      ...findings
        .slice(0, SHOWN)
        .flatMap(({ message, exchange }) => [
          ...indented(printableLine(message), 4, columns),
          ...(exchange === null
            ? []
            : indented(exchangeLine(run, result, exchange), 4, columns).map((line) => paint('dim', line))),
        ]),
      ...(findings.length > SHOWN ? [`    and ${findings.length - SHOWN} more like it`] : []),
      ...(requirement?.remedy ? indented(`To do: ${requirement.remedy}`, 4, columns) : []),
    ];
  });
  const waiver = result.waiver ? indented(`Waived: ${result.waiver.reason} (${result.waiver.source})`, 2, columns) : [];
  return [
    `${paint(COLORS[outcome], outcome.padEnd(6))} ${result.title}  ${paint('dim', result.check)}`,
    ...found,
    ...waiver,
  ];
}

function exchangeLine(run: Run, result: Result, index: number): string {
  const exchange = result.exchanges[index];
  if (!exchange) return '';
  const { method, status, error, body } = exchange;
  const path = exchange.url.startsWith(`${run.url}/`) ? exchange.url.slice(run.url.length) : exchange.url;
  const came = status === 0 ? (error ?? 'no answer') : `${status}${error ? ` (${error})` : ''} ${short(body, 160)}`;
  return `${method} ${printableLine(short(path, 160))} -> ${printableLine(came)}`;
}

/** By reason, since one missing feature skips many. */
function skipped(results: readonly Result[], { paint, columns }: Context): string[] {
  const reasons = new Map<string, Result[]>();
  for (const result of results) {
    if (result.verdict !== 'SKIP') continue;
    const reason = result.reason ?? 'no reason';
    reasons.set(reason, [...(reasons.get(reason) ?? []), result]);
  }
  const lines = [...reasons].flatMap(([reason, of]) => {
    const names = of
      .slice(0, 3)
      .map(({ check }) => check)
      .join(', ');
    const more = of.length > 3 ? ` and ${of.length - 3} more` : '';
    return indented(`${printableLine(reason)}: ${names}${more}`, 7, columns).map((line, index) =>
      paint('dim', index === 0 ? `SKIP   ${line.trimStart()}` : line),
    );
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

function features({ features: all }: Score, { paint }: Context): string[] {
  const rows = all.flatMap(({ feature, levels }) => {
    const [must, should] = [count(levels.MUST), count(levels.SHOULD)];
    if (tried(must) + tried(should) === 0) return [];
    return [{ title: FEATURES[feature], must, should }];
  });
  const width = Math.max(7, ...rows.map(({ title }) => title.length));
  const cell = (sum: Count) => (tried(sum) === 0 ? '-' : `${sum.met}/${tried(sum)}`).padStart(7);
  const painted = (sum: Count, bad: Style) => paint(sum.unmet > 0 ? bad : 'dim', cell(sum));
  if (rows.length === 0) return [];
  return [
    paint('dim', `${'FEATURE'.padEnd(width)}     MUST   SHOULD`),
    ...rows.map(
      ({ title, must, should }) => `${title.padEnd(width)}  ${painted(must, 'red')}  ${painted(should, 'yellow')}`,
    ),
  ];
}

function leftBehind({ leftBehind: urls }: Run, { paint, columns }: Context): string[] {
  if (urls.length === 0) return [];
  const text = `Left behind, since the server did not remove it (--clean-up tries again):`;
  return [...wrapped(text, columns).map((line) => paint('yellow', line)), ...urls.map((url) => `  ${url}`), ''];
}

function summary({ url, profile, manner, server, requests, duration }: Run, { levels }: Score): string {
  const level = (name: Level) => {
    const sum = levels[name];
    return tried(sum) === 0 ? `no ${name} was tried` : `${sum.met} of ${tried(sum)} ${name} met (${percent(sum)} %)`;
  };
  const waived = levels.MUST.waived + levels.SHOULD.waived;
  const parts = [level('MUST'), level('SHOULD'), ...(waived > 0 ? [`${waived} waived`] : [])];
  const seconds = (duration / 1_000).toFixed(1);
  return `${url} (${server}): ${parts.join(', ')}. Profile ${profile}, ${manner}; ${requests} requests in ${seconds} s.`;
}

function verdicts({ outcomes }: Score, { paint }: Context): string {
  const names: Outcome[] = ['PASS', 'FAIL', 'WARN', 'WAIVED', 'SKIP'];
  return names
    .filter((name) => name === 'PASS' || name === 'FAIL' || outcomes[name] > 0)
    .map((name) => (outcomes[name] > 0 ? paint(COLORS[name], `${outcomes[name]} ${name}`) : `0 ${name}`))
    .join('  ');
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

function indented(text: string, by: number, columns: number): string[] {
  return wrapped(text, columns - by).map((line) => `${' '.repeat(by)}${line}`);
}

/** At spaces; a word that is longer than a line keeps its length, so that it can be copied. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    if (line !== '' && line.length + word.length + 1 > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
