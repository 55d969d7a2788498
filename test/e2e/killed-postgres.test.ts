import { describe } from 'vitest';
import { killRuns } from './killed.ts';

describe('2,500 people on Postgres', () => {
  killRuns('postgres', { organizations: 10 });
});
