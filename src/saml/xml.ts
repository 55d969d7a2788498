// XML as the rules read it: by namespace and name, bounded before it is parsed. Everything that a parser would mend or
// warn about is a fault: two readers that mend differently see two messages.
import { DOMParser, XMLSerializer } from '@xmldom/xmldom';
import type { Bounds } from './rules/bounds.ts';
import { MEASURE_RULES, TEXT_RULES } from './rules/bounds.ts';
import { measure } from './rules/measure.ts';
import type { Refusal } from './refusal.ts';
import { firstRefusal } from './refusal.ts';

export const NS = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  metadata: 'urn:oasis:names:tc:SAML:2.0:metadata',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  encryption: 'http://www.w3.org/2001/04/xmlenc#',
} as const;

export type Namespace = keyof typeof NS;

export type Parsed =
  | { readonly root: Element; readonly refusal: null }
  | { readonly root: null; readonly refusal: Refusal };

export function parseXml(xml: string, bounds: Bounds): Parsed {
  const refusal = firstRefusal(TEXT_RULES, xml, bounds) ?? firstRefusal(MEASURE_RULES, measure(xml), bounds);
  return refusal === null ? parseBounded(xml) : { root: null, refusal };
}

/** For what was made of a message that had kept within its bounds. */
export function parseBounded(xml: string): Parsed {
  if (FORBIDDEN.test(xml)) {
    return { root: null, refusal: { rule: 'isWellFormed', reason: 'a control character, which no XML has' } };
  }
  const faults: string[] = [];
  const parser = new DOMParser({
    errorHandler: (_level: string, fault: unknown) => {
      faults.push(String(fault).split('\n', 1)[0] ?? '');
    },
  });
  const root = documentOf(parser, xml, faults);
  if (root !== null && faults.length === 0) return { root, refusal: null };
  return {
    root: null,
    refusal: { rule: 'isWellFormed', reason: `not well-formed XML: ${faults[0] ?? 'it is empty'}` },
  };
}

/** What XML 1.0 knows no way to write; the parser lets it through, and no database would keep it. */
const FORBIDDEN =
  /(?![\t\n\r\x7f-\x9f])\p{Cc}|[\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bcef]|1[\da-f]));/iu;

function documentOf(parser: DOMParser, xml: string, faults: string[]): Element | null {
  try {
    return parser.parseFromString(xml, 'text/xml').documentElement ?? null;
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
    return null;
  }
}

export function isNamed(element: Element, namespace: Namespace, name: string): boolean {
  return element.namespaceURI === NS[namespace] && element.localName === name;
}

export function childrenNamed(parent: Element, namespace: Namespace, name: string): Element[] {
  const found: Element[] = [];
  for (let node = parent.firstChild; node !== null; node = node.nextSibling) {
    if (node.nodeType === 1 && isNamed(node as Element, namespace, name)) found.push(node as Element);
  }
  return found;
}

export function childNamed(parent: Element, namespace: Namespace, name: string): Element | null {
  return childrenNamed(parent, namespace, name)[0] ?? null;
}

/** Everywhere below, and the element itself, in the order of the document. */
export function descendantsNamed(root: Element, namespace: Namespace, name: string): Element[] {
  return namesOf(root).get(`${NS[namespace]} ${name}`) ?? [];
}

/** Looked through once: a message with 5,000 groups is asked for half a dozen names. Nothing changes a message that was read. */
function namesOf(root: Element): ReadonlyMap<string, Element[]> {
  const known = names.get(root);
  if (known !== undefined) return known;
  const found = new Map<string, Element[]>();
  const look = (element: Element): void => {
    const key = `${element.namespaceURI ?? ''} ${element.localName}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [element]);
    else list.push(element);
    for (let node = element.firstChild; node !== null; node = node.nextSibling) {
      if (node.nodeType === 1) look(node as Element);
    }
  };
  look(root);
  names.set(root, found);
  return found;
}

const names = new WeakMap<Element, ReadonlyMap<string, Element[]>>();

/** The element alone, with the namespaces that it stands in. */
export function xmlOf(element: Element): string {
  return new XMLSerializer().serializeToString(element);
}

/** All text in it, a comment or CDATA notwithstanding, trimmed; null when there is none. */
export function textOf(element: Element | null): string | null {
  const text = element?.textContent?.trim() ?? '';
  return text === '' ? null : text;
}

export function attributeOf(element: Element, name: string): string | null {
  return element.hasAttribute(name) ? (element.getAttribute(name) ?? '').trim() : null;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For XML and HTML, in text and in quoted attributes. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
