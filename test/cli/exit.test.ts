import { describe, expect, test } from 'vitest';
import { reportError } from '../../src/cli/exit.ts';
import { type ErrorCode, RollcallError } from '../../src/errors.ts';
import { newOutput } from './terminal.ts';

describe('an error', () => {
  test.each<[ErrorCode, number]>([
    ['config_invalid', 2],
    ['config_unreadable', 2],
    ['input_invalid', 2],
    ['not_found', 2],
    ['connection_paused', 2],
    ['already_running', 4],
  ])('%s exits with %i', (code, exit) => {
    const { out, stderr } = newOutput();
    expect(reportError(out, new RollcallError(code, 'what is wrong'), false)).toBe(exit);
    expect(stderr.text).toBe('rollcall: what is wrong\n');
  });

  test('already_running gives the reason of the contract', () => {
    const { out, stdout } = newOutput({ json: true });
    reportError(out, new RollcallError('already_running', 'corp is being read'), false);
    expect(JSON.parse(stdout.text)).toMatchObject({ complete: false, reason: 'already running' });
  });

  test('that nobody foresaw exits with 1, and shows its stack only when asked', () => {
    const quiet = newOutput();
    expect(reportError(quiet.out, new TypeError('x is undefined'), false)).toBe(1);
    expect(quiet.stderr.text.trimEnd().split('\n')).toHaveLength(1);
    expect(quiet.stderr.text).toContain('ROLLCALL_DEBUG=1');
    const debugged = newOutput();
    reportError(debugged.out, new TypeError('x is undefined'), true);
    expect(debugged.stderr.text).toMatch(/\n {4}at /);
  });
});
