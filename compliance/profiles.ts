/** Which requirements and checks count, by whose eyes look at the server. */
import { FEATURES, type Feature, type Manner, type Profile, type Requirement } from './model.ts';
import type { Check } from './trial.ts';

interface ProfileInfo {
  title: string;
  /** Features that this client never uses: what the standards say about them is not asked. */
  without: readonly Feature[];
  /** False: only what the client itself demands. */
  standards: boolean;
  /** Unless asked for otherwise: a client's own reading, where it differs from the standards, is what that client needs. */
  manner: Manner;
}

export const PROFILES: Record<Profile, ProfileInfo> = {
  rfc: { title: 'RFC 7643, 7644 and 9865', without: [], standards: true, manner: 'strict' },
  entra: {
    title: 'Microsoft Entra ID',
    without: ['etag', 'bulk', 'sort', 'search', 'me', 'cursor', 'replace', 'password'],
    standards: true,
    manner: 'tolerant',
  },
  okta: {
    title: 'Okta',
    without: ['etag', 'bulk', 'sort', 'search', 'me', 'cursor'],
    standards: true,
    manner: 'tolerant',
  },
  dialects: { title: 'What clients in the field send', without: [], standards: false, manner: 'tolerant' },
};

export const isProfile = (name: string): name is Profile => Object.hasOwn(PROFILES, name);

/** Those that count, by id. */
export function activeRequirements(
  all: readonly Requirement[],
  profile: Profile,
  manner: Manner,
): ReadonlyMap<string, Requirement> {
  const { without, standards } = PROFILES[profile];
  const isActive = ({ profiles, manner: only, feature }: Requirement) =>
    (only === undefined || only === manner) &&
    (profiles ? profiles.includes(profile) : standards && !without.includes(feature));
  return new Map(all.filter(isActive).map((each) => [each.id, each]));
}

export function activeChecks(
  all: readonly Check[],
  active: ReadonlyMap<string, Requirement>,
  profile: Profile,
): readonly Check[] {
  return all.filter(
    ({ profiles, requirements }) =>
      (profiles === undefined || profiles.includes(profile)) && requirements.some((each) => active.has(each)),
  );
}

/** @param text a feature, or a part of a check's id or title or of a requirement's id; several are separated by commas. */
export function matching(checks: readonly Check[], text: string | undefined): readonly Check[] {
  if (text === undefined) return checks;
  const words = text
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return checks.filter(({ id, title, feature, requirements }) =>
    words.some(
      // A feature's name also occurs in ordinary sentences.
      (word) =>
        Object.hasOwn(FEATURES, word)
          ? feature === word
          : [id, title, ...requirements].some((each) => each.toLowerCase().includes(word)),
    ),
  );
}
