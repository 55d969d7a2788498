// How directory text is compared when case and blanks do not count: RFC 4518 preparation as far as it changes which
// names are equal. Characters that merely look alike, or cannot be seen, stay different: names must not fall together.

const PLAIN = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
const BLANKS = /[\s\u0085]+/g;

/** Composed (NFC), lower case, blanks at the ends gone and runs inside made one; text of blanks only is one blank. */
export function textKey(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase();
  return trimBlanks(foldText(text)) || (text === '' ? '' : ' ');
}

/** As `textKey`, with case kept. */
export function exactTextKey(text: string): string {
  if (PLAIN.test(text)) return text;
  return trimBlanks(foldBlanks(text.normalize('NFC'))) || (text === '' ? '' : ' ');
}

/** Case and runs of blanks folded, the ends left alone: the parts of a substring assertion are compared this way. */
export function foldText(text: string): string {
  // Lower case writes the last sigma of a word differently from the others, so the same name would get two keys.
  return foldBlanks(text.toLowerCase().normalize('NFC').replaceAll('ς', 'σ'));
}

/** Runs of blanks, tabs and line breaks made one blank. */
export function foldBlanks(text: string): string {
  return text.replace(BLANKS, ' ');
}

function trimBlanks(text: string): string {
  return text.replace(/^ | $/g, '');
}
