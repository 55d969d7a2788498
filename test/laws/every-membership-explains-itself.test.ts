import { testLaw } from './law.ts';
import { everyMembershipExplainsItself } from './every-membership-explains-itself.ts';

testLaw(everyMembershipExplainsItself);
