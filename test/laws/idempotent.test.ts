import { testLaw } from './law.ts';
import { idempotent } from './idempotent.ts';

testLaw(idempotent);
