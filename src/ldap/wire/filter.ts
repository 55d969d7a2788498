// A search filter in the protocol's encoding (RFC 4511 section 4.5.1.7). Values are written as the bytes they are: the
// filters of ldapts hold most of them as text, which changes every byte above 0x7f.
import { type BerWriter, Filter as LdaptsFilter, SearchFilter } from 'ldapts';
import { type Filter, formatFilter } from '../../connection/filter.ts';
import { TAG } from './ber.ts';

const CHOICE = {
  and: SearchFilter.and,
  or: SearchFilter.or,
  not: SearchFilter.not,
  equal: SearchFilter.equalityMatch,
  substrings: SearchFilter.substrings,
  'at-least': SearchFilter.greaterOrEqual,
  'at-most': SearchFilter.lessOrEqual,
  present: SearchFilter.present,
  approximate: SearchFilter.approxMatch,
  extensible: SearchFilter.extensibleMatch,
} as const;

/** So that ldapts can write it into a request. */
export class LdapFilter extends LdaptsFilter {
  override readonly type;
  readonly #filter: Filter;

  constructor(filter: Filter) {
    super();
    this.#filter = filter;
    this.type = CHOICE[filter.kind];
  }

  override write(writer: BerWriter): void {
    writeFilter(writer, this.#filter);
  }

  override toString(): string {
    return formatFilter(this.#filter);
  }
}

function writeFilter(writer: BerWriter, filter: Filter): void {
  const choice = CHOICE[filter.kind];
  if (filter.kind === 'present') {
    writer.writeString(filter.attribute, choice);
    return;
  }
  writer.startSequence(choice);
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const each of filter.filters) writeFilter(writer, each);
      break;
    case 'not':
      writeFilter(writer, filter.filter);
      break;
    case 'substrings':
      writer.writeString(filter.attribute);
      writer.startSequence(TAG.sequence);
      if (filter.initial !== null) writer.writeBuffer(filter.initial, 0x80);
      for (const part of filter.any) writer.writeBuffer(part, 0x81);
      if (filter.final !== null) writer.writeBuffer(filter.final, 0x82);
      writer.endSequence();
      break;
    case 'extensible':
      if (filter.rule !== null) writer.writeString(filter.rule, 0x81);
      if (filter.attribute !== null) writer.writeString(filter.attribute, 0x82);
      writer.writeBuffer(filter.value, 0x83);
      if (filter.dnAttributes) writer.writeBoolean(true, 0x84);
      break;
    default:
      writer.writeString(filter.attribute);
      writer.writeBuffer(filter.value, TAG.octets);
  }
  writer.endSequence();
}
