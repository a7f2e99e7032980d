/** A table of who is granted what, as a spreadsheet saves it. */
import type { AssignmentRule } from '../sync/rules/assignment-rules.ts';
import { AdminError } from '../tenancy/tenants.ts';
import { csvRows } from './csv.ts';
import { nameOfGiven, readGiven } from './given-file.ts';

type OfGroup = Extract<AssignmentRule, { group: string }>;

/**
 * @param before the rules that are there: those by exact group name are replaced, the others stay.
 * @throws AdminError with the line that does not fit.
 */
export async function readAssignments(file: string, before: readonly AssignmentRule[]): Promise<AssignmentRule[]> {
  const rules = assignmentsIn(await readGiven(file), nameOfGiven(file));
  return [...before.filter((rule) => !('group' in rule)), ...rules];
}

/** One rule for each group and kind. */
export function assignmentsIn(text: string, file: string): OfGroup[] {
  const [header = [], ...rows] = rowsIn(text, file);
  const at = (name: string) => header.findIndex((title) => title.toLowerCase() === name);
  const [group, grant, kind] = [at('group'), at('grant'), at('kind')];
  if (group < 0 || grant < 0) {
    throw new AdminError(`The first line of ${file} must name its columns: group,grant or group,grant,kind.`);
  }
  const rules = new Map<string, OfGroup>();
  for (const [index, row] of rows.entries()) {
    const [name, granted, ofKind] = [row[group], row[grant], row[kind] || undefined];
    if (!name || !granted) throw new AdminError(`Row ${index + 2} of ${file} has no ${name ? 'grant' : 'group'}.`);
    const key = JSON.stringify([name.toLowerCase(), ofKind]);
    const rule = rules.get(key) ?? { group: name, grants: [], ...(ofKind !== undefined && { kind: ofKind }) };
    if (!rule.grants.includes(granted)) rule.grants.push(granted);
    rules.set(key, rule);
  }
  return [...rules.values()];
}

function rowsIn(text: string, file: string): string[][] {
  try {
    return csvRows(text);
  } catch (error) {
    throw new AdminError(`${file}: ${(error as Error).message}.`);
  }
}
