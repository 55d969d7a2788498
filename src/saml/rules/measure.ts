// One pass over the text, its time linear in its length whatever it says. It is no parser: it counts what a parser and a
// canonicalizer would have to work on, and never counts less than they would meet.
import type { Measured } from './bounds.ts';

export function measure(xml: string): Measured {
  const scan = { elements: 0, attributes: 0, signatures: 0, depth: 0 };
  const namespaces = new Set<string>();
  const done = (fault: string | null): Measured => ({ ...scan, namespaces: namespaces.size, fault });
  let open = 0;
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    const skipped = endOfSkipped(xml, at);
    if (skipped === -1) return done('a comment or a CDATA section never ends');
    if (skipped !== null) {
      at = skipped;
      continue;
    }
    const tag = readTag(xml, at);
    if (typeof tag === 'string') return done(tag);
    at = tag.end;
    if (tag.closing) {
      open -= 1;
      continue;
    }
    scan.elements += 1;
    scan.attributes += tag.attributes;
    for (const declaration of tag.namespaces) namespaces.add(declaration);
    if (/^(?:[^:]*:)?Signature$/.test(tag.name)) scan.signatures += 1;
    scan.depth = Math.max(scan.depth, open + 1);
    if (!tag.selfClosing) open += 1;
  }
  return done(null);
}

/** Where a comment, a CDATA section or the XML declaration that begins here ends; null for a tag, -1 without an end. */
function endOfSkipped(xml: string, at: number): number | null {
  for (const [begin, end] of SKIPPED) {
    if (!xml.startsWith(begin, at)) continue;
    const found = xml.indexOf(end, at + begin.length);
    return found < 0 ? -1 : found + end.length;
  }
  return null;
}

const SKIPPED = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
] as const;

interface Tag {
  readonly name: string;
  readonly closing: boolean;
  readonly selfClosing: boolean;
  readonly attributes: number;
  readonly namespaces: readonly string[];
  /** Just after its `>`. */
  readonly end: number;
}

const NAME = /[^\s<>/"'=]*/y;

/** The tag that begins here, or what is wrong with it. */
function readTag(xml: string, at: number): Tag | string {
  const closing = xml[at + 1] === '/';
  NAME.lastIndex = at + (closing ? 2 : 1);
  const name = NAME.exec(xml)?.[0] ?? '';
  const namespaces: string[] = [];
  let attributes = 0;
  let from = at + 1 + name.length;
  for (;;) {
    MARK.lastIndex = from;
    const mark = MARK.exec(xml)?.[0];
    const place = MARK.lastIndex - 1;
    if (mark === undefined || mark === '<') return 'a tag never ends';
    if (mark === '>') {
      return { name, closing, selfClosing: xml[place - 1] === '/', attributes, namespaces, end: place + 1 };
    }
    const close = xml.indexOf(mark, place + 1);
    if (close < 0) return 'the value of an attribute never ends';
    if (place - from > LONGEST_NAME) return `an attribute's name is longer than ${LONGEST_NAME}`;
    attributes += 1;
    const declared = /xmlns(?::\S*)?\s*=\s*$/.exec(xml.slice(from, place));
    if (declared !== null) namespaces.push(`${declared[0].replaceAll(/\s/g, '')}${xml.slice(place, close)}`);
    from = close + 1;
  }
}

const MARK = /[<>"']/g;

/** With the blanks around it; no honest one is longer. */
const LONGEST_NAME = 300;
