import { describe } from 'vitest';
import { walkSteps } from './steps.ts';

describe('the step table from exports, on SQLite', () => {
  walkSteps('sqlite', 'exports');
});
