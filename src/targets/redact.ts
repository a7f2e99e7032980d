/**
 * Keeps secrets out of what is stored and shown: passwords in answers, and anywhere in a text the credentials that were
 * sent, since systems like to repeat them. It does not decide what is shown; `http.ts` and its callers do.
 */

const SECRET_NAME = /password|secret|token|authorization|subscription-key|api-?key/i;

/** `name: value` or `"name": "value"` inside a text, up to the end of the value. */
const SECRET_PAIR =
  /((?:password|secret|token|authorization|api-?key)["']?\s*[:=]\s*(?:Bearer\s+)?)("[^"]*"|'[^']*'|[^\s,;&}]+)/gi;

/** A parsed JSON value without any property whose name speaks of a password, at any depth. Changes it in place. */
export function withoutPasswords(value: unknown): unknown {
  if (Array.isArray(value)) for (const item of value) withoutPasswords(item);
  else if (typeof value === 'object' && value !== null) {
    const record = value as Record<string, unknown>;
    for (const name of Object.keys(record)) {
      if (/password/i.test(name)) delete record[name];
      else withoutPasswords(record[name]);
    }
  }
  return value;
}

/** The values sent under a secret's name: what must not be repeated. */
export function secretsIn(sent: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(sent)
    .filter(([name, value]) => SECRET_NAME.test(name) && typeof value === 'string')
    .map(([, value]) => String(value).replace(/^(Bearer|Basic)\s+/i, ''))
    .filter((value) => value !== '');
}

/** `text` without `secrets`, in whatever encoding, and without what stands beside a secret's name. */
export function hide(text: string, secrets: readonly string[]): string {
  let hidden = text;
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      hidden = hidden.replaceAll(form, '<hidden>');
    }
  }
  return hidden.replace(SECRET_PAIR, '$1<hidden>');
}
