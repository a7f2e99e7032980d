/** From findings to a verdict. */
import type { Finding, Result, Verdict, Waiver } from './model.ts';

/** @param reason why the check ended early; null: it did not. */
export function verdictOf(
  check: string,
  findings: readonly Finding[],
  lookedAt: number,
  reason: string | null,
  waivers: readonly Waiver[],
): Pick<Result, 'verdict' | 'reason' | 'waiver'> {
  const waiverOf = ({ requirement }: Finding) =>
    waivers.find((each) => each.requirement === requirement && (each.check === undefined || each.check === check));
  const counting = findings.filter(({ level }) => level !== 'MAY');
  const open = counting.filter((finding) => !waiverOf(finding));
  if (open.length > 0) return { verdict: worst(open) };
  const [waived] = counting;
  const waiver = waived && waiverOf(waived);
  if (waiver) return { verdict: worst(counting), waiver };
  if (reason !== null) return { verdict: 'SKIP', reason };
  return lookedAt === 0 ? { verdict: 'SKIP', reason: 'there was nothing to look at' } : { verdict: 'PASS' };
}

function worst(findings: readonly Finding[]): Verdict {
  return findings.some(({ level }) => level === 'MUST') ? 'FAIL' : 'WARN';
}

/** Waivers that nothing was found against: the server has improved, or the waiver is misspelt. */
export function unusedWaivers(waivers: readonly Waiver[], results: readonly Result[]): Waiver[] {
  return waivers.filter(
    ({ requirement, check }) =>
      !results.some(
        (result) =>
          (check === undefined || check === result.check) &&
          result.findings.some((finding) => finding.requirement === requirement),
      ),
  );
}
