import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { printable, printableBlock } from '../../src/cli/printable.ts';
import { newOutput } from './terminal.ts';

const ESC = '\u001B';

async function* listOf(...items: unknown[]): AsyncGenerator {
  for (const item of items) yield await Promise.resolve(item);
}

describe('with --json', () => {
  test('standard output is one document, whatever else is said', async () => {
    const { out, stdout, stderr } = newOutput({ json: true });
    out.line('words');
    out.table(['A'], [['b']]);
    out.warn('careful');
    await out.stream({ organization: 'acme' }, 'members', listOf({ email: 'a' }, { email: 'b' }), { vacancies: [] });
    expect(JSON.parse(stdout.text)).toEqual({
      organization: 'acme',
      members: [{ email: 'a' }, { email: 'b' }],
      vacancies: [],
    });
    expect(stderr.text).toBe('warning: careful\n');
  });

  test.each([
    [{}, [], {}],
    [{}, [1], {}],
    [{ a: null }, [], { b: { c: [1, '"'] } }],
  ])('a streamed document is well-formed: %j %j %j', async (head, items, tail) => {
    const { out, stdout } = newOutput({ json: true });
    await out.stream(head, 'list', listOf(...items), tail);
    expect(JSON.parse(stdout.text)).toEqual({ ...head, list: items, ...tail });
  });

  test('an error after the document began adds no second one', async () => {
    const { out, stdout } = newOutput({ json: true });
    await out.stream({}, 'list', listOf(1));
    out.document({ error: 'late' });
    expect(JSON.parse(stdout.text)).toEqual({ list: [1] });
  });
});

describe('for people', () => {
  test('nothing of JSON is printed', async () => {
    const { out, stdout } = newOutput();
    out.document({ a: 1 });
    await out.stream({}, 'list', listOf(1));
    out.line('words');
    expect(stdout.text).toBe('words\n');
  });

  test('a name from a directory cannot write to the terminal, forge a line or turn text around', () => {
    const evil = `${ESC}]0;owned\u0007${ESC}[2J\nrollcall: all is well\u202E\u009B1m\u2028`;
    const { out, stdout, stderr } = newOutput({ stdout: 200, stderr: 200, env: { NO_COLOR: '1' } });
    out.table(['NAME'], [[evil]]);
    out.line(`member ${evil}`);
    out.warn(evil);
    out.error(evil);
    out.faults([{ at: evil, message: evil, line: 1 }], null);
    const text = stdout.text + stderr.text;
    for (const sign of [ESC, '\u0007', '\u009B', '\u202E', '\u2028']) expect(text).not.toContain(sign);
    expect(stdout.text.split('\n')).toHaveLength(4);
    expect(stderr.text.split('\n')).toHaveLength(4);
  });

  test('empty lines around a block stay', () => {
    expect(printableBlock('\nTitle\n')).toBe('\nTitle\n');
    expect(printableBlock('a\nb')).toBe('a\uFFFDb');
    expect(printable('Zoë 田中 👩‍👩‍👧')).toBe('Zoë 田中 👩‍👩‍👧');
  });

  test('faults are aligned, each with a place that editors open', () => {
    const { out, stderr } = newOutput();
    out.faults(
      [
        { at: 'signup', message: 'must be open', line: 2 },
        { at: 'server.port', message: 'must be a number', line: 12 },
      ],
      'rollcall.yaml',
    );
    expect(stderr.text).toBe(
      'rollcall.yaml:2   signup       must be open\nrollcall.yaml:12  server.port  must be a number\n',
    );
  });
});

describe('colour', () => {
  test('is for the stream that is a terminal, unless NO_COLOR asks for none', () => {
    const colours = (options: Parameters<typeof newOutput>[0]): [boolean, boolean] => {
      const { out, stdout, stderr } = newOutput(options);
      out.table(['A'], []);
      out.warn('w');
      return [stdout.text.includes(ESC), stderr.text.includes(ESC)];
    };
    expect(colours({ stdout: 80, stderr: 80 })).toEqual([true, true]);
    expect(colours({ stdout: 80 })).toEqual([true, false]);
    expect(colours({ stderr: 80 })).toEqual([false, true]);
    expect(colours({})).toEqual([false, false]);
    expect(colours({ stdout: 80, stderr: 80, env: { NO_COLOR: '1' } })).toEqual([false, false]);
    expect(colours({ stdout: 80, stderr: 80, env: { NO_COLOR: '' } })).toEqual([true, true]);
    expect(colours({ stdout: 80, stderr: 80, env: { TERM: 'dumb' } })).toEqual([false, false]);
  });
});

describe('progress', () => {
  test('is shown on a terminal only, and gone before anything else is printed', () => {
    const { out, stdout, stderr } = newOutput({ stderr: 40 });
    out.progress('read 100');
    out.line('done');
    expect(stderr.text).toBe('\r\u001B[2Kread 100\r\u001B[2K');
    expect(stdout.text).toBe('done\n');

    const piped = newOutput();
    piped.out.progress('read 100');
    piped.out.progressDone();
    expect(piped.stderr.text).toBe('');
  });

  test('is rewritten ten times a second at most, and never wraps', () => {
    const { out, stderr } = newOutput({ stderr: 20 });
    for (let done = 0; done < 1000; done += 1) out.progress(`reading ${done} of 1000 people of the directory`);
    expect(stderr.text.split('\r').length).toBeLessThan(5);
    expect(stderr.text.split('\u001B[2K')[1]?.length).toBeLessThan(20);
  });
});

describe('a reader that has seen enough', () => {
  test('does not hang the work that goes on', async () => {
    const gone = new Writable({
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        setTimeout(() => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), 5);
      },
    });
    gone.on('error', () => {});
    const out = new Output({ stdout: gone, stderr: newOutput().stderr, env: {} }, true);
    await out.stream({}, 'list', listOf(...Array(1000).keys()));
    out.document({ late: true });
    expect(gone.destroyed).toBe(true);
  });
});
