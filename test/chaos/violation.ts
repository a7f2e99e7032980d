/** What must not happen, and did. */
export type ViolationKind = 'lost' | 'duplicated' | 'wrong' | 'left' | 'order' | 'not settled' | 'refused' | 'crashed';

export interface Violation {
  kind: ViolationKind;
  /** Marker of the person, where it is about one. */
  marker: string | null;
  what: string;
}
