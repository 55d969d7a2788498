import { testLaw } from './law.ts';
import { noMappingMakesAnOwner } from './no-mapping-makes-an-owner.ts';

testLaw(noMappingMakesAnOwner);
