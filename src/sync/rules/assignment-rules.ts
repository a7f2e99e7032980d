/**
 * What the members of groups, and who has a role or an entitlement in the directory, are granted in a target. Pure: rules
 * are compiled once and asked of one user at a time.
 */
import { z } from 'zod';
import { nameKey } from '../../directory/names.ts';
import type { DirectoryUser } from '../../directory/people.ts';
import type { Capabilities } from '../../targets/target.ts';

const text = z.string().trim().min(1);
const kind = text.optional();
const grants = z.array(text).min(1);
const from = z.enum(['roles', 'entitlements']);

const EXAMPLES = [
  '{"groupPrefix":"Event "}',
  '{"group":"Sales","grants":["1001","1002"]}',
  '{"from":"roles","prefix":"app:"}',
  '{"from":"roles","value":"admin","grants":["Admin"]}',
].join(', ');

export const AssignmentRule = z.union(
  [
    z.strictObject({ groupPrefix: z.string().min(1), kind }),
    z.strictObject({ group: text, grants, kind }),
    z.strictObject({ from, value: text, grants, kind }),
    z.strictObject({ from, prefix: z.string().optional(), kind }),
  ],
  { error: `is no assignment rule; write one like ${EXAMPLES}, each with "kind" where the target has several` },
);
export type AssignmentRule = z.infer<typeof AssignmentRule>;

/** Something of a user that a rule can be about, with what it grants: nothing, where no rule is about it. */
export interface Source {
  from: 'groups' | 'roles' | 'entitlements';
  /** A group's display name; the value of a role or an entitlement. */
  name: string;
  /** As the target is asked for them: `<kind>:<name>` where it has several kinds. */
  grants: readonly string[];
}

export type Sources = (user: Pick<DirectoryUser, 'groups' | 'resource'>) => Source[];

/** @throws Error with everything that is wrong, a line each. */
export function compileAssignments(
  rules: readonly AssignmentRule[],
  assignments: Capabilities['assignments'],
): { sourcesOf: Sources; grantsOf: (from: Source['from'], name: string) => string[] } {
  const problems = rules.flatMap((rule, index) => problemOf(rule, index, assignments) ?? []);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const tables = { groups: new Map<string, string[]>(), roles: new Map(), entitlements: new Map() } as Tables;
  const prefixes: { from: Source['from']; prefix: string; kind: string | undefined }[] = [];
  const write = (name: string, kind: string | undefined) => written(name, kind, assignments?.kinds ?? []);
  for (const rule of rules) {
    if ('groupPrefix' in rule) prefixes.push({ from: 'groups', prefix: rule.groupPrefix, kind: rule.kind });
    else if ('group' in rule) add(tables.groups, rule.group, rule);
    else if ('value' in rule) add(tables[rule.from], rule.value, rule);
    else prefixes.push({ from: rule.from, prefix: rule.prefix ?? '', kind: rule.kind });
  }

  function add(table: Map<string, string[]>, name: string, { grants, kind }: { grants: string[]; kind?: string }) {
    const key = nameKey(name);
    table.set(key, [...(table.get(key) ?? []), ...grants.map((grant) => write(grant, kind))]);
  }

  const grantsOf = (from: Source['from'], name: string): string[] => {
    const byPrefix = prefixes.flatMap((rule) => {
      const rest = rule.from === from && name.startsWith(rule.prefix) ? name.slice(rule.prefix.length).trim() : '';
      return rest === '' ? [] : write(rest, rule.kind);
    });
    return [...new Set([...byPrefix, ...(tables[from].get(nameKey(name)) ?? [])])];
  };
  const source = (from: Source['from'], name: string): Source => ({ from, name, grants: grantsOf(from, name) });
  return {
    grantsOf,
    sourcesOf: (user) => [
      ...user.groups.map((name) => source('groups', name)),
      ...valuesOf(user.resource.roles).map((name) => source('roles', name)),
      ...valuesOf(user.resource.entitlements).map((name) => source('entitlements', name)),
    ],
  };
}

type Tables = Record<Source['from'], Map<string, string[]>>;

function problemOf(rule: AssignmentRule, index: number, assignments: Capabilities['assignments']): string | null {
  if (rule.kind === undefined) return null;
  const what = `  assignments.${index}: kind "${rule.kind}"`;
  if (!assignments) return `${what} names nothing: this target has nothing to assign`;
  const kinds = assignments.kinds ?? [assignments.noun];
  return kinds.includes(rule.kind) ? null : `${what} is not known here; known: ${kinds.join(', ')}`;
}

/** Names that begin with a kind are taken at their word. */
function written(name: string, kind: string | undefined, kinds: readonly string[]): string {
  if (kinds.length < 2) return name;
  if (kind === undefined && kinds.some((each) => name.startsWith(`${each}:`))) return name;
  return `${kind ?? kinds[0]}:${name}`;
}

/** Texts of a multi-valued attribute, as the directory holds them. */
function valuesOf(values: unknown): string[] {
  const texts = (Array.isArray(values) ? values : []).flatMap((element) => {
    const value: unknown = typeof element === 'object' && element !== null ? element.value : element;
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : [];
  });
  return [...new Set(texts)];
}
