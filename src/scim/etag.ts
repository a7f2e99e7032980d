/** Versions of resources as weak entity-tags (RFC 7644 section 3.14, RFC 9110 section 8.8.3). */

/**
 * @param version a counter that every change of the resource raises.
 * @param others stands for what other resources contribute to what is shown (a user's groups), which no counter of this
 *   one follows.
 */
export function etag(version: number, others?: string): string {
  return others ? `W/"${version}-${others}"` : `W/"${version}"`;
}

/** The same entity-tag by the counter alone. Another text stays as it is. */
export function withoutOthers(tag: string): string {
  return tag.replace(/^(W\/"\d+)-[0-9a-f]+"$/, '$1"');
}

/**
 * Whether a condition on a write (`If-Match`) names this version: any of its tags, or `*`. Compared weakly, as HTTP's strong
 * comparison would never match a weak tag, and by the counter, as nobody writes what others contribute.
 */
export function namesVersion(condition: string, version: number): boolean {
  return names(condition, (tag) => tag.split('-')[0] === String(version));
}

/** Whether a condition on a read (`If-None-Match`) names this entity-tag, or any with `*`. */
export function namesTag(condition: string, tag: string): boolean {
  const [wanted] = tagsIn(tag);
  return names(condition, (found) => found === wanted);
}

function names(condition: string, fits: (tag: string) => boolean): boolean {
  return condition.trim() === '*' || tagsIn(condition).some(fits);
}

function tagsIn(condition: string): string[] {
  return [...condition.matchAll(/(?:W\/)?"([^"]*)"/g)].map((match) => match[1] ?? '');
}
