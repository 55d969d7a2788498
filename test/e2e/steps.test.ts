import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table on SQLite', () => {
  walkSteps('sqlite');
});
