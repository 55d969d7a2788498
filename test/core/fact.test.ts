// What can be an address: two people must never look like one, nor one be taken for another.
import { expect, test } from 'vitest';
import { isAddress } from '../../src/core/fact.ts';

test.each(['anna@acme.example', 'Änne.Müller@acme.example', "o'brien+label@sub.acme.example", 'ＡＮＮＡ@acme.example'])(
  '%s is an address',
  (text) => {
    expect(isAddress(text)).toBe(true);
  },
);

test.each([
  ['no domain', 'anna'],
  ['two at signs', 'anna@acme@example'],
  ['a blank', 'anna b@acme.example'],
  ['an escape sequence', 'e\u001b[31mx@acme.example'],
  ['a NUL', 'anna\u0000@acme.example'],
  ['a blank without width', 'ol\u200bga@acme.example'],
  ['a letter that folds to an ordinary one', 'mi\u212ae@acme.example'],
  ['a domain that folds to another', 'anna@\u212ailo.example'],
  ['more than mail can carry', `${'a'.repeat(250)}@acme.example`],
])('%s is none', (_why, text) => {
  expect(isAddress(text)).toBe(false);
});
