/**
 * The only way text gets into the page: `markup` escapes whatever is put into it, but for what it made itself. Attributes
 * are always written with double quotes.
 */
import { printable } from '../printable.ts';

export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | undefined | false | readonly Content[];

export function markup(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) text += rendered(value) + (strings[index + 1] ?? '');
  return new Markup(text);
}

/** For long texts between tags, never in an attribute: quotes stay as they are, which keeps JSON small. */
export function content(text: string): Markup {
  return new Markup(printable(text).replaceAll(/[&<>]/g, escaped));
}

function rendered(value: Content): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return printable(value).replaceAll(/[&<>"']/g, escaped);
  if (typeof value === 'number') return String(value);
  if (!value) return '';
  return value.map(rendered).join('');
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(character: string): string {
  return ENTITIES[character] ?? character;
}
