/**
 * What a server sent, made harmless to look at: control characters become their pictures, and those that turn the direction
 * of writing or take no room are named, so that a body cannot steer a terminal or show what it does not say.
 */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\n\t]|[\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    if (code === 0x7f) return '\u2421';
    // The joiners belong to ordinary words and to emoji, the soft hyphen to ordinary text.
    if (code === 0x200c || code === 0x200d || code === 0xad) return character;
    // Letters that this Node's Unicode does not know yet are not ours to judge.
    if (/\p{Cn}|\p{Co}/u.test(character) && (code & 0xfffe) !== 0xfffe) return character;
    return `\u2039U+${code.toString(16).toUpperCase().padStart(4, '0')}\u203a`;
  });
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll(/\s*[\n\t]\s*/g, ' ');
}
