/** A run for build servers: a suite per feature, a case per check. Only a MUST that is not met is a failure there. */
import { FEATURES, type Feature, type Finding, type Requirement, type Result, type Run } from '../model.ts';
import { curl } from './curl.ts';
import { outcomeOf } from './score.ts';

/** Of a body; build servers keep every character of it. */
const BODY_LIMIT = 4000;

/** @returns XML 1.0, in UTF-8 once it is written. */
export function junit(run: Run): string {
  const requirements = new Map(run.requirements.map((requirement) => [requirement.id, requirement]));
  const suites = (Object.keys(FEATURES) as Feature[])
    .map((feature) => ({ feature, results: run.results.filter((result) => result.feature === feature) }))
    .filter(({ results }) => results.length > 0);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="SCIM compliance" ${sums(run.results)} time="${seconds(run.duration)}">`,
    ...suites.flatMap(({ feature, results }) => [
      `  <testsuite name="${attribute(FEATURES[feature])}" ${sums(results)} time="${seconds(total(results))}" timestamp="${attribute(run.startedAt)}" hostname="${attribute(run.url)}">`,
      '    <properties>',
      `      <property name="url" value="${attribute(run.url)}"/>`,
      `      <property name="profile" value="${attribute(run.profile)}"/>`,
      `      <property name="manner" value="${attribute(run.manner)}"/>`,
      '    </properties>',
      ...results.flatMap((result) => testcase(result, requirements)),
      '  </testsuite>',
    ]),
    '</testsuites>',
    '',
  ].join('\n');
}

function testcase(result: Result, requirements: ReadonlyMap<string, Requirement>): string[] {
  const opening = `    <testcase classname="scim.${result.feature}" name="${attribute(`${result.title} [${result.check}]`)}" time="${seconds(result.duration)}"`;
  const inner = outcome(result, requirements);
  return inner.length === 0 ? [`${opening}/>`] : [`${opening}>`, ...inner, '    </testcase>'];
}

function outcome(result: Result, requirements: ReadonlyMap<string, Requirement>): string[] {
  const account = () =>
    content(result.findings.map((finding) => findingText(finding, result, requirements)).join('\n\n'));
  switch (outcomeOf(result)) {
    case 'FAIL': {
      const first = result.findings.find(({ level }) => level === 'MUST') ?? result.findings[0];
      return [
        `      <failure type="MUST" message="${attribute(first?.message ?? result.title)}">${account()}</failure>`,
      ];
    }
    case 'WAIVED':
      return [
        `      <skipped message="${attribute(`Waived: ${result.waiver?.reason} (${result.waiver?.source})`)}"/>`,
        `      <system-out>${account()}</system-out>`,
      ];
    case 'SKIP':
      return [`      <skipped message="${attribute(result.reason ?? 'Not tried')}"/>`];
    default:
      return result.findings.length === 0 ? [] : [`      <system-out>${account()}</system-out>`];
  }
}

function findingText(finding: Finding, result: Result, requirements: ReadonlyMap<string, Requirement>): string {
  const requirement = requirements.get(finding.requirement);
  const exchange = finding.exchange === null ? undefined : result.exchanges[finding.exchange];
  const lines = [`${finding.level}: ${finding.message}`];
  if (requirement) {
    lines.push(`Required: ${requirement.text} (${requirement.source}, ${requirement.section}; ${requirement.id})`);
    if (requirement.remedy) lines.push(`What to do: ${requirement.remedy}`);
    lines.push(requirement.url);
  }
  if (exchange) {
    const answer = exchange.error ?? `HTTP ${exchange.status}\n${exchange.body.slice(0, BODY_LIMIT)}`;
    lines.push('', curl(exchange), '', answer);
    if (exchange.body.length > BODY_LIMIT) lines.push('(cut here)');
  }
  return lines.join('\n');
}

function sums(results: readonly Result[]): string {
  const skipped = results.filter((result) => ['SKIP', 'WAIVED'].includes(outcomeOf(result))).length;
  const failures = results.filter((result) => outcomeOf(result) === 'FAIL').length;
  return `tests="${results.length}" failures="${failures}" errors="0" skipped="${skipped}"`;
}

function total(results: readonly Result[]): number {
  return results.reduce((sum, { duration }) => sum + duration, 0);
}

function seconds(millis: number): string {
  return (millis / 1000).toFixed(3);
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

function attribute(value: string): string {
  return writable(value).replaceAll(/[&<>"\t\n\r]/g, (character) => ENTITIES[character] ?? character);
}

function content(value: string): string {
  return writable(value).replaceAll(/[&<>\r]/g, (character) => ENTITIES[character] ?? character);
}

/** XML 1.0 has no way to write most control characters and lone surrogates. */
function writable(value: string): string {
  return value.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
