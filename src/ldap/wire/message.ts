// What a server says, decoded (RFC 4511 section 4). Values stay bytes, attributes without values are not there, and an
// entry that makes no sense inside is one bad entry and not the end of the search: its frame is sound.
import { Entry, octetsText } from '../entry.ts';
import { BerReader, TAG, WireFault } from './ber.ts';

export interface LdapResult {
  readonly code: number;
  readonly matchedDn: string;
  /** The server's own words. */
  readonly text: string;
  readonly referrals: readonly string[];
  /** Of the control for paged results: null where the server sent none, empty at the last page. */
  readonly cookie: Buffer | null;
}

export type ServerMessage =
  | { readonly kind: 'entry'; readonly id: number; readonly entry: Entry; readonly bytes: number }
  | {
      readonly kind: 'unreadable';
      readonly id: number;
      readonly at: string;
      readonly reason: string;
      readonly bytes: number;
    }
  | { readonly kind: 'reference'; readonly id: number; readonly urls: readonly string[] }
  | { readonly kind: 'result'; readonly id: number; readonly answers: Answers; readonly result: LdapResult }
  /** Progress and the like, which nobody asked for and nobody needs. */
  | { readonly kind: 'other'; readonly id: number };

export type Answers = 'bind' | 'search' | 'extended';

const ENTRY = 0x64;
const REFERENCE = 0x73;
const RESULTS: ReadonlyMap<number, Answers> = new Map([
  [0x61, 'bind'],
  [0x65, 'search'],
  [0x78, 'extended'],
]);
const REFERRALS = 0xa3;
const CONTROLS = 0xa0;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/** @throws WireFault where the message is none. */
export function decodeMessage(frame: Buffer): ServerMessage {
  const message = BerReader.of(frame).inside(TAG.sequence);
  const id = message.integer();
  const tag = message.peek();
  if (tag < 0) throw new WireFault('a message without content');
  const body = message.inside(tag);
  if (tag === ENTRY) return { ...readEntry(body), id, bytes: frame.length };
  if (tag === REFERENCE) return { kind: 'reference', id, urls: readTexts(body) };
  const answers = RESULTS.get(tag);
  if (answers === undefined) return { kind: 'other', id };
  const result = readResult(body);
  return { kind: 'result', id, answers, result: { ...result, cookie: readCookie(message) } };
}

type EntryRead =
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'unreadable'; readonly at: string; readonly reason: string };

function readEntry(body: BerReader): EntryRead {
  let at = 'an entry';
  try {
    const name = body.octets();
    const dn = octetsText(name);
    at = dn ?? name;
    if (dn === null) return { kind: 'unreadable', at, reason: 'its name is not UTF-8 text' };
    const entry = new Entry(dn);
    const attributes = body.inside(TAG.sequence);
    while (!attributes.done) {
      const attribute = attributes.inside(TAG.sequence);
      const description = attribute.octets();
      const values = attribute.inside(TAG.set);
      if (!values.done) entry.addEach(description, eachOf(values));
    }
    return { kind: 'entry', entry };
  } catch (error) {
    if (!(error instanceof WireFault)) throw error;
    return { kind: 'unreadable', at, reason: `it cannot be decoded: ${error.message}` };
  }
}

function* eachOf(values: BerReader): Generator<string> {
  while (!values.done) yield values.octets();
}

function readResult(body: BerReader): Omit<LdapResult, 'cookie'> {
  const code = body.integer(TAG.enumerated);
  const matchedDn = textOf(body.octets());
  const text = textOf(body.octets());
  const referrals = body.peek() === REFERRALS ? readTexts(body.inside(REFERRALS)) : [];
  return { code, matchedDn, text, referrals };
}

function readCookie(message: BerReader): Buffer | null {
  if (message.peek() !== CONTROLS) return null;
  const controls = message.inside(CONTROLS);
  while (!controls.done) {
    const control = controls.inside(TAG.sequence);
    if (control.octets() !== PAGED_RESULTS) continue;
    if (control.peek() === TAG.boolean) control.skip();
    const value = BerReader.of(control.bytes()).inside(TAG.sequence);
    // The server's guess at the total, which nobody keeps to.
    value.skip();
    return value.bytes();
  }
  return null;
}

function readTexts(list: BerReader): string[] {
  const texts: string[] = [];
  while (!list.done) texts.push(textOf(list.octets()));
  return texts;
}

/** For people to read. */
function textOf(octets: string): string {
  return octetsText(octets) ?? octets;
}
