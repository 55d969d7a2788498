// What a message may cost, measured in its text before anything parses it: 2,000 namespace declarations or 3,000
// Signature elements would stall the process for seconds, and anybody may post them.
import type { Rule } from '../refusal.ts';

export interface Bounds {
  readonly bytes: number;
  readonly elements: number;
  readonly attributes: number;
  readonly namespaces: number;
  readonly signatures: number;
  readonly depth: number;
}

/** Lets 5,000 groups through, each in an AttributeValue that declares its type and the namespaces of that. */
export const MESSAGE_BOUNDS: Bounds = {
  bytes: 768 * 1024,
  elements: 20_000,
  attributes: 20_000,
  namespaces: 64,
  signatures: 2,
  depth: 32,
};

/** Metadata may name many services, and comes from whom the connection names. */
export const METADATA_BOUNDS: Bounds = {
  bytes: 2 * 1024 * 1024,
  elements: 20_000,
  attributes: 40_000,
  namespaces: 128,
  signatures: 2,
  depth: 32,
};

/** What a scan of the text counts. */
export interface Measured {
  readonly elements: number;
  readonly attributes: number;
  /** Different declarations: 5,000 values that repeat the same two are not what costs. */
  readonly namespaces: number;
  readonly signatures: number;
  readonly depth: number;
  /** Why no tag could be made out; null for text that can be given to a parser. */
  readonly fault: string | null;
}

export const TEXT_RULES: readonly Rule<string, Bounds>[] = [isShort, isXml, hasNoDoctype];

function isShort(xml: string, { bytes }: Bounds): string | null {
  const length = Buffer.byteLength(xml);
  return length <= bytes ? null : `the message has ${length} bytes; ${bytes} are taken`;
}

function isXml(xml: string): string | null {
  return /^\uFEFF?\s*</.test(xml) ? null : 'the message is not XML';
}

/** No message of SAML has a document type; entities are how a few bytes become gigabytes. */
function hasNoDoctype(xml: string): string | null {
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.test(xml)) return 'the message has a document type declaration';
  return /<\?(?!xml\s)/.test(xml) ? 'the message has a processing instruction' : null;
}

export const MEASURE_RULES: readonly Rule<Measured, Bounds>[] = [
  tagsEnd,
  hasFewElements,
  hasFewAttributes,
  hasFewNamespaces,
  hasFewSignatures,
  isFlat,
];

function tagsEnd({ fault }: Measured): string | null {
  return fault;
}

function hasFewElements(measured: Measured, { elements }: Bounds): string | null {
  return measured.elements <= elements ? null : `${measured.elements} elements; ${elements} are taken`;
}

function hasFewAttributes(measured: Measured, { attributes }: Bounds): string | null {
  return measured.attributes <= attributes ? null : `${measured.attributes} attributes; ${attributes} are taken`;
}

function hasFewNamespaces(measured: Measured, { namespaces }: Bounds): string | null {
  return measured.namespaces <= namespaces ? null : `${measured.namespaces} namespaces; ${namespaces} are taken`;
}

function hasFewSignatures(measured: Measured, { signatures }: Bounds): string | null {
  return measured.signatures <= signatures ? null : `${measured.signatures} Signatures; ${signatures} are taken`;
}

function isFlat(measured: Measured, { depth }: Bounds): string | null {
  return measured.depth <= depth ? null : `elements nested ${measured.depth} deep; ${depth} are taken`;
}
