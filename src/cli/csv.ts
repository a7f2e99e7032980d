/** Lines of CSV (RFC 4180) that a spreadsheet shows as they are. */

/** With its CRLF. Null is an empty field. */
export function csvLine(fields: readonly (string | number | null)[]): string {
  return `${fields.map(field).join(',')}\r\n`;
}

/** A text that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets take for "text". */
function field(value: string | number | null): string {
  if (value === null) return '';
  const text = typeof value === 'string' && /^[\s]*[=+\-@\t\r\n＝＋－＠]/u.test(value) ? `'${value}` : String(value);
  return /[",\r\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
