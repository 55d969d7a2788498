import { testLaw } from './law.ts';
import { derived } from './derived.ts';

testLaw(derived);
