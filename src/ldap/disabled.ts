// Whether a directory calls a person's account disabled. Locked out after wrong passwords is not disabled: who sleeps
// badly on a Monday has not left the company.
import { textKey } from '../connection/text-key.ts';
import type { Entry } from './entry.ts';
import { parseGeneralizedTime } from './generalized-time.ts';
import type { DisabledRule } from './server-kinds.ts';

/** `at`: when the directory was read, in milliseconds; an account is over from its moment of expiry on. */
export function isDisabled(entry: Entry, rules: readonly DisabledRule[], at: number): boolean {
  return rules.some((rule) => entry.texts(rule.attribute).some((value) => value !== null && holds(rule, value, at)));
}

function holds(rule: DisabledRule, value: string, at: number): boolean {
  switch (rule.kind) {
    case 'bit':
      return INTEGER.test(value) && (BigInt(value) & BigInt(rule.bit)) !== 0n;
    case 'values':
      return rule.values.some((each) => textKey(each) === textKey(value));
    case 'filetime': {
      if (!INTEGER.test(value)) return false;
      const ticks = BigInt(value);
      return ticks > 0n && ticks < NEVER && Number(ticks / TICKS_A_MILLISECOND) - SINCE_1601 <= at;
    }
    case 'time': {
      const time = parseGeneralizedTime(value);
      return time !== null && time <= at;
    }
    case 'days':
      return INTEGER.test(value) && Number(value) > 0 && Number(value) * DAY <= at;
  }
}

const INTEGER = /^-?\d+$/;
const NEVER = 0x7fff_ffff_ffff_ffffn;
const TICKS_A_MILLISECOND = 10_000n;
/** From 1601, where Windows begins to count, to 1970. */
const SINCE_1601 = 11_644_473_600_000;
const DAY = 86_400_000;
