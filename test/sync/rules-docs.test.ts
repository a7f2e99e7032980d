/** The examples of docs/rules.md: rules that can be saved, expressions that give what the page says. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { assignmentsIn } from '../../src/cli/assignments-file.ts';
import { createScopeCompiler } from '../../src/directory/scope.ts';
import { userShape } from '../../src/directory/user-shape.ts';
import { loadSchemas } from '../../src/schemas.ts';
import type { Complex } from '../../src/scim/document.ts';
import { createMappingCompiler } from '../../src/sync/rules/mapping/mapping.ts';
import { compileRules, Rules } from '../../src/sync/rules/rules.ts';
import { targetTypes } from '../../src/targets/registry.ts';

const page = await readFile(new URL('../../docs/rules.md', import.meta.url), 'utf8');
const { resourceTypes } = await loadSchemas(tmpdir());
const userType = resourceTypes.get('User');
const door = targetTypes.get('qflow-team');
if (!userType || !door) throw new Error('no types');
const compilers = {
  compileScope: createScopeCompiler(userType),
  compileMapping: createMappingCompiler(userShape(userType)),
};

const blocks = (language: string) => [...page.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))];
const rows = (after: string) =>
  [...((page.split(after)[1] ?? '').split('\n\n')[0]?.matchAll(/^\| `(.*)` \| (.*) \|$/gm) ?? [])].map(
    ([, code, text]) => [code ?? '', text ?? ''] as const,
  );

const jane: Complex = {
  userName: 'JANE@example.com',
  name: { givenName: 'Jane', familyName: 'Doe' },
  active: true,
  emails: [{ value: 'jane@example.com' }, { value: 'jane@home.example', type: 'home' }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Sales' },
};

it.each(blocks('json').map(([, json]) => JSON.parse(json ?? '')))('the rules %j can be saved', (rules) => {
  expect(compileRules(Rules.parse(rules), door, compilers)).toMatchObject(rules);
});

it.each(rows('| rule | grants |\n|---|---|\n'))('the assignment rule %s is one', (json) => {
  const { grantsOf } = compileRules(Rules.parse({ assignments: [JSON.parse(json)] }), door, compilers);
  expect(grantsOf('groups', 'nobody')).toEqual([]);
});

it.each(rows('| expression | for Jane |\n|---|---|\n'))('the expression %s gives: %s', (expression, text) => {
  const { field } = compilers.compileMapping({ field: { expression, description: '' } }, {}).eachOf(jane);
  const words = { 'left alone': 'left alone: she has none', cleared: 'emptied', failed: 'failed' };
  expect(field?.kind === 'text' ? field.text : words[field?.kind ?? 'failed']).toBe(text);
});

it('the table can be loaded', () => {
  const [[, csv] = []] = blocks('csv');
  expect(assignmentsIn(csv ?? '', 'grants.csv')).toEqual([
    { group: 'Sales', grants: ['1001', '1002'] },
    { group: 'Guides, Dover', grants: ['1003'] },
  ]);
});
