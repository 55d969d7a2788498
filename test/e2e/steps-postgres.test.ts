import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table from exports, on Postgres', () => {
  walkSteps('postgres', 'exports');
});
