// The digest by which names of a directory are told apart is the one that cryptographers looked at, and no likeness.
import { expect, test } from 'vitest';
import { digestName } from '../../src/sync/name-digest.ts';

/** The reference code's own results for the key 00 01 … 07 and the bytes 00 01 02 … of each even length. */
const REFERENCE: readonly (readonly [number, string])[] = [
  [0, '218d1f59b9b83cc8'],
  [2, '064f39ef7c50eb57'],
  [4, 'd5e78a175be52ea1'],
  [6, 'ce3e91358aa2bc25'],
  [8, 'edfee820bce4858c'],
  [10, '95b0469f06a6f2ee'],
  [16, '7336aad25f7bf3b5'],
  [18, 'c9b2db2b9a3e42f9'],
];

const KEY = new Int32Array([0x03020100, 0x07060504]);

test.each(REFERENCE)('of %i bytes is that of the reference code', (bytes, wanted) => {
  const text = Buffer.from(Array.from({ length: bytes }, (_, at) => at)).toString('utf16le');
  const digest = new Uint32Array(3);
  digestName(KEY, text, digest);
  expect(Buffer.from(digest.buffer, 0, 8).toString('hex')).toBe(wanted);
});

test('has a third word that differs where the first two would have to be alike by chance', () => {
  const thirds = new Set<number>();
  for (let name = 0; name < 10_000; name += 1) {
    const digest = new Uint32Array(3);
    digestName(KEY, `uid=u${name},ou=people`, digest);
    thirds.add(digest[2] ?? 0);
  }
  expect(thirds.size).toBe(10_000);
});
