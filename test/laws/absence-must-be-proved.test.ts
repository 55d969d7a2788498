import { testLaw } from './law.ts';
import { absenceMustBeProved } from './absence-must-be-proved.ts';

testLaw(absenceMustBeProved);
