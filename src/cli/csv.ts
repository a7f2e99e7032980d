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

/** The fields of each line (RFC 4180); empty lines are left out. Also with `;`, as some spreadsheets write it. */
export function csvRows(text: string): string[][] {
  return csvRecords(text).map(({ fields }) => fields);
}

/** As `csvRows`, with the line that each begins in, counted from 1. @throws Error that names the line which is no CSV. */
export function csvRecords(text: string): { line: number; fields: string[] }[] {
  const [first = ''] = text.split(/\r?\n/, 1);
  const separator = first.includes(',') || !first.includes(';') ? ',' : ';';
  const records: { line: number; fields: string[] }[] = [];
  let fields: string[] = [];
  let [line, begun] = [1, 1];
  // A quoted field, or one without quotes, and what ends it.
  const pattern = new RegExp(`(?:"((?:[^"]|"")*)"|([^"${separator}\\r\\n]*))(${separator}|\\r?\\n|$)`, 'y');
  const body = text.replace(/^\uFEFF/, '');
  while (pattern.lastIndex < body.length) {
    const match = pattern.exec(body);
    if (!match)
      throw new Error(`line ${line} is no CSV: a quotation mark is missing, or stands in the middle of a field`);
    const [whole, quoted, plain = '', end] = match;
    line += whole.split('\n').length - 1;
    fields.push((quoted === undefined ? plain : quoted.replaceAll('""', '"')).trim());
    if (end === separator && pattern.lastIndex < body.length) continue;
    if (end === separator) fields.push('');
    if (fields.some((field) => field !== '')) records.push({ line: begun, fields });
    [fields, begun] = [[], line];
  }
  return records;
}
