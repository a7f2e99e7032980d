/** Versions of resources as weak entity-tags (RFC 7644 section 3.14, RFC 9110 section 8.8.3). */

/** @param version a counter that every change of the resource raises. */
export function etag(version: number): string {
  return `W/"${version}"`;
}

/**
 * Whether a condition (`If-Match`, `If-None-Match`) names this version: any of its tags, or `*`. Compared weakly for both:
 * HTTP's strong comparison would never match a weak tag.
 */
export function namesVersion(condition: string, version: number): boolean {
  if (condition.trim() === '*') return true;
  const tags = [...condition.matchAll(/(?:W\/)?"([^"]*)"/g)].map((match) => match[1]);
  return tags.includes(String(version));
}
