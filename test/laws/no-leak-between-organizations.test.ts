import { testLaw } from './law.ts';
import { noLeakBetweenOrganizations } from './no-leak-between-organizations.ts';

testLaw(noLeakBetweenOrganizations);
