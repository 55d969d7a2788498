import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table against slapd, on Postgres', () => {
  walkSteps('postgres', 'slapd');
});
