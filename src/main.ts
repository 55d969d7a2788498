#!/usr/bin/env node
// The composition root. What was compiled once is kept beside the packages, where only whoever may change the code can
// write: a command starts in half the time, and where nobody may write, as before.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/rollcall', import.meta.url)));
// Loaded after the line above, so that it counts for them.
const [{ commands }, { runProgram }] = await Promise.all([import('./cli/commands.ts'), import('./cli/program.ts')]);

// A reader that has seen enough (`rollcall members | head`) is no error: the work goes on to its end and its exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runProgram(commands, process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});
