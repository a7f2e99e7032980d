import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange, Finding, Requirement, Result, Run, Verdict } from '../../compliance/model.ts';
import { compare, comparisonText } from '../../compliance/reports/compare.ts';
import { curl } from '../../compliance/reports/curl.ts';
import { prettyJson } from '../../compliance/reports/html/body.ts';
import { junit } from '../../compliance/reports/junit.ts';
import { printable } from '../../compliance/reports/printable.ts';
import { percent, score } from '../../compliance/reports/score.ts';
import { sampleRun } from './reports-sample.ts';

describe('the score', () => {
  it('counts a requirement as unmet when one check finds so, whatever others say', () => {
    const run = small([result('a/1', 'PASS', ['R1']), result('a/2', 'FAIL', ['R1'], ['R1'])]);
    expect(score(run).levels.MUST).toEqual({ met: 0, unmet: 1, waived: 0, untried: 0, unseen: 0 });
  });

  it('counts what only a skipped check would have looked at as not tried', () => {
    const run = small([result('a/1', 'SKIP', ['R1'])]);
    expect(score(run).levels.MUST).toMatchObject({ met: 0, untried: 1 });
    expect(percent(score(run).levels.MUST)).toBeNull();
  });

  it('counts a waived fault apart, and as unmet where another check finds it and is not waived', () => {
    const waiver = { requirement: 'R1', reason: 'we know', source: 'here' };
    const waived = { ...result('a/1', 'FAIL', ['R1'], ['R1']), waiver };
    expect(score(small([waived])).levels.MUST).toMatchObject({ waived: 1, unmet: 0 });
    expect(score(small([waived, result('a/2', 'FAIL', ['R1'], ['R1'])])).levels.MUST).toMatchObject({
      waived: 0,
      unmet: 1,
    });
  });

  it('says 100 per cent only of all', () => {
    expect(percent({ met: 999, unmet: 1, waived: 0, untried: 0, unseen: 0 })).toBe(99);
    expect(percent({ met: 5, unmet: 0, waived: 0, untried: 9, unseen: 9 })).toBe(100);
  });
});

describe('copy as curl', () => {
  it('hides the token behind $TOKEN and leaves out what curl says itself', () => {
    expect(curl(exchange({ requestBody: '{"userName":"O\'Neill"}' }))).toBe(
      [
        "curl -i -X POST 'https://scim.example.com/v2/Users' \\",
        "  -H 'accept: application/scim+json' \\",
        '  -H "authorization: Bearer $TOKEN" \\',
        "  -H 'content-type: application/scim+json' \\",
        `  --data-raw '{"userName":"O'\\''Neill"}'`,
      ].join('\n'),
    );
  });

  it('gives a POSIX shell exactly the body, the address and the headers that were sent', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 80 }).map((text) => text.toWellFormed());
    const nasty = fc.constantFrom(
      "'",
      '"',
      '$TOKEN',
      '`id`',
      '\\',
      '\n',
      '\r\n',
      '%s%n',
      '\0',
      '!',
      '\x1b[201~',
      '@file',
      '-d',
    );
    const body = fc.array(fc.oneof(anything, nasty), { maxLength: 6 }).map((parts) => parts.join(''));
    const etag = fc.array(fc.oneof(nasty, fc.string({ maxLength: 9 })), { maxLength: 3 }).map((parts) =>
      parts
        .join('')
        .replaceAll(/[\0\r\n]/g, '')
        .trim(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(body, etag), { minLength: 1, maxLength: 40 }), (cases) => {
        const sent = cases.map(([requestBody, value]) =>
          exchange({
            requestBody,
            url: `https://scim.example.com/Users?filter=a[b eq '${encodeURIComponent(value)}']`,
            requestHeaders: { 'if-match': `W/"${value}"`, authorization: '***' },
          }),
        );
        const calls = received(sent.map(curl));
        for (const [index, { requestBody, url, requestHeaders }] of sent.entries()) {
          const call = calls[index] ?? { args: [], input: '' };
          expect(call.args).toContain(url);
          expect(call.args).toContain('--globoff');
          expect(call.args).toContain(`if-match: ${requestHeaders['if-match']}`);
          expect(call.args).toContain('authorization: Bearer s3cr3t" $x');
          const at = call.args.indexOf('--data-raw');
          expect(at < 0 ? call.input : call.args[at + 1]).toBe(requestBody ?? '');
        }
      }),
      { numRuns: 20 },
    );
  });

  it('holds no control character that a terminal would act on while it is pasted', () => {
    const command = curl(exchange({ requestBody: 'a\x1b[201~\nid\n', requestHeaders: { 'if-match': 'W/"\x9b"' } }));
    expect(printable(command)).toBe(command);
  });

  it('says so where the body was too long to be kept', () => {
    const command = curl(exchange({ requestBody: `{"a":"${'x'.repeat(100)}\n... 1000 more characters` }));
    expect(command).toContain('--data-binary @body.json');
    expect(command).not.toContain('xxx');
  });

  it('asks for a HEAD as curl wants it, keeps dots in a path, and names a body without a type', () => {
    expect(curl(exchange({ method: 'HEAD' }))).toContain('--head');
    expect(curl(exchange({ method: 'GET', url: 'https://a.example/v2/../Users' }))).toContain('--path-as-is');
    expect(curl(exchange({ requestBody: '{}', requestHeaders: {} }))).toContain("-H 'Content-Type:'");
    expect(curl(exchange({ requestHeaders: { accept: '' } }))).toContain("-H 'accept;'");
  });
});

describe('the comparison of two runs', () => {
  const before = small([
    result('a/better', 'FAIL', ['R1'], ['R1']),
    result('a/worse', 'PASS', ['R1']),
    result('a/same', 'PASS', ['R1']),
    result('a/gone', 'FAIL', ['R1'], ['R1']),
    result('a/unadvertised', 'FAIL', ['R1'], ['R1']),
    result('a/else', 'FAIL', ['R1', 'R2'], ['R1']),
  ]);
  const after = small([
    result('a/better', 'PASS', ['R1']),
    result('a/worse', 'WARN', ['R2'], ['R2']),
    result('a/same', 'PASS', ['R1']),
    result('a/unadvertised', 'SKIP', ['R1']),
    result('a/new', 'PASS', ['R1']),
    result('a/else', 'FAIL', ['R1', 'R2'], ['R2']),
  ]);
  const comparison = compare(before, after);
  const names = (list: readonly { check: string }[]) => list.map(({ check }) => check);

  it('tells what is better, worse, new and gone', () => {
    expect(names(comparison.better)).toEqual(['a/better']);
    expect(names(comparison.worse)).toEqual(['a/else', 'a/worse']);
    expect(names(comparison.added)).toEqual(['a/new']);
    expect(comparison.same).toBe(1);
    expect(comparison.regressed).toBe(true);
  });

  it('does not call it better when a feature is no longer advertised', () => {
    expect(names(comparison.gone).sort()).toEqual(['a/gone', 'a/unadvertised']);
  });

  it('sees another fault behind the same verdict', () => {
    const change = comparison.worse.find(({ check }) => check === 'a/else');
    expect(change?.appeared.map(({ requirement }) => requirement)).toEqual(['R2']);
    expect(change?.vanished).toEqual(['R1']);
  });

  it('reads as text, with the changes and the sums', () => {
    const text = comparisonText(comparison);
    expect(text).toMatch(/Worse \(2\)[\s\S]*Better \(1\)[\s\S]*New.*\(1\)[\s\S]*Gone.*\(2\)/);
    expect(text).toContain('PASS -> WARN');
    expect(text).toMatch(/MUST {4}0 of 1 {2}-> {2}1 of 1 met/);
    expect(comparisonText(compare(before, before))).toContain('All 6 checks are as before.');
  });

  it('notes what makes the runs not comparable, and lets no file steer the terminal', () => {
    const other = { ...after, url: 'https://else.example\x1b[2J', profile: 'okta' as const };
    const text = comparisonText(compare(before, other));
    expect(text).toContain('The profile differs: rfc before, okta after.');
    expect(text).not.toContain('\x1b');
  });

  it('is no regression when what was not tried before passes now', () => {
    expect(compare(small([]), small([result('a/1', 'PASS', ['R1'])])).regressed).toBe(false);
    expect(compare(small([]), small([result('a/1', 'FAIL', ['R1'], ['R1'])])).regressed).toBe(true);
  });
});

describe('the JUnit report', () => {
  it('has a case for each check, and failures only for MUSTs that are not waived', () => {
    const run = sampleRun();
    const xml = junit(run);
    expect(xml.match(/<testcase /g)).toHaveLength(run.results.length);
    expect(xml.match(/<failure /g)).toHaveLength(score(run).outcomes.FAIL);
    expect(xml.match(/<skipped /g)).toHaveLength(score(run).outcomes.SKIP + score(run).outcomes.WAIVED);
    expect(xml).toContain('Waived: Entra sends replace');
    expect(xml).toContain(`tests="${run.results.length}" failures="${score(run).outcomes.FAIL}"`);
  });
});

describe('a body', () => {
  it('is laid out without changing a token of it', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(JSON.parse(prettyJson(json))).toEqual(JSON.parse(json));
      }),
    );
    expect(prettyJson('{"a":12345678901234567890.10,"a":[],"b":{}}')).toBe(
      '{\n  "a": 12345678901234567890.10,\n  "a": [],\n  "b": {}\n}',
    );
  });

  it('of brackets alone does not grow with the square of its length', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    expect(prettyJson(deep, 20_000).length).toBeLessThan(21_000);
    expect(prettyJson(deep).length).toBeLessThan(50 * 40_000);
  });
});

function exchange(overrides: Partial<Exchange>): Exchange {
  return {
    method: 'POST',
    url: 'https://scim.example.com/v2/Users',
    requestHeaders: {
      accept: 'application/scim+json',
      authorization: '***',
      'content-type': 'application/scim+json',
      'content-length': '9',
      'user-agent': 'x',
    },
    requestBody: null,
    status: 201,
    headers: {},
    body: '',
    duration: 1,
    at: '2026-03-09T08:15:30.123Z',
    ...overrides,
  };
}

/** What a curl is given by a POSIX shell that runs these commands. */
function received(commands: readonly string[]): { args: string[]; input: string }[] {
  const script = [
    'curl() {',
    '  printf "%s\\0" "$#" "$@"',
    '  for last in "$@"; do :; done',
    '  if [ "$last" = @- ]; then od -An -v -tx1 | tr -d " \\n"; fi',
    '  printf "\\0"',
    '}',
    ...commands,
    '',
  ].join('\n');
  const output = execFileSync('sh', { input: script, env: { ...process.env, TOKEN: 's3cr3t" $x' } }).toString();
  const words = output.split('\0');
  return commands.map(() => {
    const args = words.splice(0, Number(words.shift()));
    return { args, input: Buffer.from(words.shift() ?? '', 'hex').toString() };
  });
}

function result(check: string, verdict: Verdict, requirements: string[], unmet: string[] = []): Result {
  const findings: Finding[] = unmet.map((requirement) => ({
    requirement,
    level: requirement === 'R1' ? 'MUST' : 'SHOULD',
    message: 'no',
    exchange: null,
  }));
  return { check, title: check, feature: 'users', verdict, requirements, findings, exchanges: [], duration: 1 };
}

function small(results: Result[]): Run {
  const requirement = (id: string, level: 'MUST' | 'SHOULD'): Requirement => ({
    id,
    source: 'RFC 7644',
    section: '3',
    lines: null,
    url: 'https://www.rfc-editor.org/rfc/rfc7644',
    level,
    feature: 'users',
    text: 'Does so.',
  });
  return { ...sampleRun(), requirements: [requirement('R1', 'MUST'), requirement('R2', 'SHOULD')], results };
}
