/**
 * Requirements in one line each: the section, the lines of the RFC's text form, our own words. SHALL and REQUIRED count as
 * MUST, RECOMMENDED as SHOULD (RFC 2119). What an operation is said to do, without a key word, is a MUST as well: without it
 * the operation would be another one.
 */
import type { Feature, Level, Requirement } from '../model.ts';

export type Rest = Partial<Pick<Requirement, 'remedy' | 'unseen' | 'manner' | 'profiles'>>;
/** @param place "3.4.2.2-7": the section and a number within it, never used again for anything else. */
export type Cite = (place: string, lines: string, feature: Feature, text: string, rest?: Rest) => Requirement;

/** @param rfc 7644. */
export function citing(rfc: number): { must: Cite; should: Cite; may: Cite } {
  const cite =
    (level: Level): Cite =>
    (place, lines, feature, text, rest = {}) => {
      const section = place.slice(0, place.lastIndexOf('-'));
      return {
        id: `RFC${rfc}-${place}`,
        source: `RFC ${rfc}`,
        section,
        lines,
        url: `https://www.rfc-editor.org/rfc/rfc${rfc}#section-${section}`,
        level,
        feature,
        text,
        ...rest,
      };
    };
  return { must: cite('MUST'), should: cite('SHOULD'), may: cite('MAY') };
}

/** Why a requirement has no check, where the reason is that of many. */
export const CLIENT = { unseen: 'It binds the client.' };
export const INTERNAL = { unseen: 'It is about the inside of the service; no answer shows it.' };
export const ELSEWHERE = { unseen: 'It is about how the service is run and about other infrastructure.' };
