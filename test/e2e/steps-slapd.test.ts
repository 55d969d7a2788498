import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table against slapd, on SQLite', () => {
  walkSteps('sqlite', 'slapd');
});
