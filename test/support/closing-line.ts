// The very last line of a test run is `N passed, N failed`, with `, N skipped` if any: what a machine reads first.
import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

const STANDARD_OUTPUT = 1;

// A reporter is found by its default export.
// oxlint-disable-next-line import/no-default-export
export default class ClosingLine implements Reporter {
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #isWatching = false;

  onInit(): void {
    // At the exit and not at the end of the run: other reporters, and what is closed after them, print later.
    process.once('exit', (code) => {
      if (this.#isWatching) return;
      // A run that failed and knows of no failed test must not read as a good one.
      const failed = this.#failed === 0 && code !== 0 ? 1 : this.#failed;
      // Nor may it end as one, whatever a package's own hook at the exit makes of it.
      if (failed > 0) process.exitCode = 1;
      writeSync(STANDARD_OUTPUT, `\n${closingLine(this.#passed, failed, this.#skipped)}\n`);
    });
  }

  onWatcherStart(): void {
    this.#isWatching = true;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    this.#passed = 0;
    this.#failed = unhandled.length;
    this.#skipped = 0;
    for (const module of modules) {
      const before = this.#failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') this.#passed += 1;
        else if (state === 'failed') this.#failed += 1;
        else this.#skipped += 1;
      }
      // A file that cannot be imported, or whose hooks fail, has no test that could fail.
      if (module.state() === 'failed' && this.#failed === before) this.#failed += 1;
    }
  }
}

export function closingLine(passed: number, failed: number, skipped: number): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
