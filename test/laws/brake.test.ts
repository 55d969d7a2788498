import { testLaw } from './law.ts';
import { brake } from './brake.ts';

testLaw(brake);
