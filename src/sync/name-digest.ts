// HalfSipHash-2-4 (J.-P. Aumasson and D. J. Bernstein, "SipHash", 2012; the half-width variant of their reference code)
// over a text's UTF-16 code units, low byte first. Node's own digests take three times as long to be called for a name.

const ROUNDS = 2;
const LAST_ROUNDS = 4;

/**
 * @param key 64 bits, secret: who does not know it can't look for two texts that are alike.
 * @param digest filled: two words are the 64 bits of HalfSipHash; each further word goes on from there in the same way.
 */
export function digestName(key: Int32Array, text: string, digest: Uint32Array): void {
  const k0 = key[0] ?? 0;
  const k1 = key[1] ?? 0;
  let v0 = k0;
  let v1 = k1 ^ 0xee;
  let v2 = k0 ^ 0x6c796765;
  let v3 = k1 ^ 0x74656462;
  const { length } = text;
  // The last word ends with the number of bytes.
  const ending = (length * 2) << 24;
  for (let at = 0, word = 0; at <= length; at += 2) {
    if (at + 1 < length) word = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    else word = at < length ? text.charCodeAt(at) | ending : ending;
    v3 ^= word;
    for (let round = 0; round < ROUNDS; round += 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    v0 ^= word;
  }
  for (let word = 0; word < digest.length; word += 1) {
    if (word === 0) v2 ^= 0xee;
    else v1 ^= 0xdd;
    for (let round = 0; round < LAST_ROUNDS; round += 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    digest[word] = v1 ^ v3;
  }
}
