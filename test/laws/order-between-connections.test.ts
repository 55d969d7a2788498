import { testLaw } from './law.ts';
import { orderBetweenConnections } from './order-between-connections.ts';

testLaw(orderBetweenConnections);
