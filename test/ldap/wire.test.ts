// The bytes of the protocol: whatever arrives, in whatever pieces, is a message, a fault of its own kind, or waited for;
// never a hang, and never work beyond its bytes.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireFault } from '../../src/ldap/wire/ber.ts';
import { Framer, LARGEST_MESSAGE } from '../../src/ldap/wire/framer.ts';
import { decodeMessage } from '../../src/ldap/wire/message.ts';
import { entryMessage } from '../support/scripted-ldap.ts';

const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const description = fc.stringMatching(/^[a-z]{1,12}(;[a-z]{1,5})?$/);
const entry = fc.record({
  id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  dn: fc.string({ unit: 'grapheme', maxLength: 60 }),
  values: fc.dictionary(description, fc.array(octets, { maxLength: 4 }), { maxKeys: 6 }),
});

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

/** What the work gives; a fault of the wire is one of the outcomes, any other error is not caught. */
function outcomeOf<T>(work: () => T): T | WireFault {
  try {
    return work();
  } catch (error) {
    if (error instanceof WireFault) return error;
    throw error;
  }
}

describe('a message', () => {
  it('is the same in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }),
        (entries, sizes) => {
          const frames = entries.map(({ id, dn, values }) => entryMessage(id, dn, values));
          const framer = new Framer();
          const found = cut(Buffer.concat(frames), sizes).flatMap((chunk) =>
            framer.push(chunk).map((each) => Buffer.from(each)),
          );
          expect(found).toEqual(frames);
          expect(framer.idle).toBe(true);
        },
      ),
    );
  });

  it('of an entry reads back to the byte, and what has no values is not there', () => {
    fc.assert(
      fc.property(entry, ({ id, dn, values }) => {
        const message = decodeMessage(entryMessage(id, dn, values));
        expect(message).toMatchObject({ kind: 'entry', id, entry: { dn } });
        if (message.kind !== 'entry') return;
        for (const [name, list] of Object.entries(values)) {
          if (Object.keys(values).some((each) => each !== name && each.split(';')[0] === name.split(';')[0])) continue;
          expect(message.entry.bytes(name)).toEqual(list);
          expect(message.entry.has(name.split(';')[0] ?? '')).toBe(list.length > 0);
        }
      }),
    );
  });

  it('that is garbage is a fault of its own kind and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        outcomeOf(() => decodeMessage(Buffer.from(bytes)));
        outcomeOf(() => new Framer().push(Buffer.from(bytes)).map(decodeMessage));
      }),
      { numRuns: 3_000 },
    );
  });

  it('that was damaged on the way is a fault, an unreadable entry, or still a message', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(entry, damage, ({ id, dn, values }, changes) => {
        const bytes = entryMessage(id, dn, values);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        outcomeOf(() => decodeMessage(bytes));
        outcomeOf(() => new Framer().push(bytes).map(decodeMessage));
      }),
      { numRuns: 3_000 },
    );
  });

  it('that was cut off is waited for and never read', () => {
    const whole = entryMessage(1, 'uid=ann', { mail: ['ann@corp.example'] });
    for (let length = 0; length < whole.length; length += 1) {
      const framer = new Framer();
      expect(framer.push(whole.subarray(0, length))).toEqual([]);
      expect(framer.idle).toBe(length === 0);
      expect(() => decodeMessage(whole.subarray(0, length))).toThrow(WireFault);
    }
  });

  it('that announces more than the bound is refused at its header', () => {
    const header = (length: number) => {
      const bytes = Buffer.from([0x30, 0x84, 0, 0, 0, 0]);
      bytes.writeUInt32BE(length, 2);
      return bytes;
    };
    expect(() => new Framer().push(header(LARGEST_MESSAGE + 1))).toThrow(WireFault);
    expect(() => new Framer().push(header(0xffff_ffff))).toThrow(WireFault);
    expect(new Framer().push(header(LARGEST_MESSAGE))).toEqual([]);
  });

  it('with a length in more bytes than it needs, as Active Directory writes all of them, is read', () => {
    const name = element(0x04, Buffer.from('uid=ann'));
    const message = element(
      0x30,
      Buffer.concat([Buffer.from([2, 1, 9]), element(0x64, Buffer.concat([name, element(0x30, Buffer.alloc(0))]))]),
    );
    expect(new Framer().push(message).map(decodeMessage)).toMatchObject([
      { kind: 'entry', id: 9, entry: { dn: 'uid=ann' } },
    ]);
  });

  it('of 32 MB in small pieces costs what its bytes cost', () => {
    const value = Buffer.alloc(32 * 1024 * 1024, 'x');
    const attribute = element(
      0x30,
      Buffer.concat([element(0x04, Buffer.from('photo')), element(0x31, element(0x04, value))]),
    );
    const body = element(0x64, Buffer.concat([element(0x04, Buffer.from('uid=ann')), element(0x30, attribute)]));
    const bytes = element(0x30, Buffer.concat([Buffer.from([2, 1, 1]), body]));
    const framer = new Framer();
    const began = process.cpuUsage();
    const messages = cut(bytes, [16 * 1024]).flatMap((chunk) => framer.push(chunk).map(decodeMessage));
    const { user, system } = process.cpuUsage(began);
    expect(messages).toMatchObject([{ kind: 'entry' }]);
    // Copying what has come with every piece takes twenty seconds and more.
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});

function element(tag: number, content: Buffer): Buffer {
  const header = Buffer.from([tag, 0x84, 0, 0, 0, 0]);
  header.writeUInt32BE(content.length, 2);
  return Buffer.concat([header, content]);
}
