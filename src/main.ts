#!/usr/bin/env node
// The composition root: the only file that knows everyone.
import { apply } from './cli/apply.ts';
import { check } from './cli/check.ts';
import { conflicts } from './cli/conflicts.ts';
import { connections } from './cli/connections.ts';
import { deliveries } from './cli/deliveries.ts';
import { domains } from './cli/domains.ts';
import { explain } from './cli/explain.ts';
import { holds } from './cli/holds.ts';
import { members } from './cli/members.ts';
import { migrateCommand } from './cli/migrate.ts';
import { runProgram } from './cli/program.ts';
import { recomputeCommand } from './cli/recompute.ts';
import { requests } from './cli/requests.ts';
import { saml } from './cli/saml.ts';
import { serve } from './cli/serve.ts';
import { syncCommand } from './cli/sync.ts';
import { token } from './cli/token.ts';
import { vacancies } from './cli/vacancies.ts';

// A reader that has seen enough (`rollcall members | head`) is no error: the work goes on to its end and its exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runProgram(
  [
    serve,
    check,
    migrateCommand,
    apply,
    syncCommand,
    explain,
    members,
    vacancies,
    holds,
    conflicts,
    connections,
    recomputeCommand,
    deliveries,
    token,
    requests,
    saml,
    domains,
  ],
  process.argv.slice(2),
  { stdout: process.stdout, stderr: process.stderr, env: process.env },
);
