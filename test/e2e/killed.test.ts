import { describe } from 'vitest';
import { killRuns } from './killed.ts';

describe('20,000 people on SQLite', () => {
  killRuns('sqlite', { organizations: 80 });
});
