import { testLaw } from './law.ts';
import { sourceWithdrawsItsOwn } from './source-withdraws-its-own.ts';

testLaw(sourceWithdrawsItsOwn);
