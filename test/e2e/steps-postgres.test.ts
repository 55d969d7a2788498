import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table on Postgres', () => {
  walkSteps('postgres');
});
