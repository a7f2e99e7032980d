/** What the checks of the end state have in common. */
import type { Violation, ViolationKind } from './violation.ts';

export type Report = (kind: ViolationKind, what: string) => void;

export function reporter(violations: Violation[], marker: string | null, where: string): Report {
  return (kind, what) => violations.push({ kind, marker, what: `${where}: ${what}` });
}

/** Only what is wanted is compared. */
export function compare(what: string, wanted: object, seen: object, report: Report): void {
  const values = new Map(Object.entries(seen));
  for (const [name, value] of Object.entries(wanted)) {
    const [should, is] = [JSON.stringify(value), JSON.stringify(values.get(name))];
    if (should !== is) report('wrong', `${what}: ${name} is ${is}, should be ${should}`);
  }
}
