import { testLaw } from './law.ts';
import { unknownIsNotNone } from './unknown-is-not-none.ts';

testLaw(unknownIsNotNone);
