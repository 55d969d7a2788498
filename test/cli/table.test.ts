import { describe, expect, test } from 'vitest';
import { alignRows, renderTable, widthOf } from '../../src/cli/table.ts';

describe('the width of a text on a terminal', () => {
  test.each([
    ['Anna', 4],
    ['Żółć', 4],
    ['e\u0301', 1],
    ['田中さん', 8],
    ['ﾀﾅｶ', 3],
    ['Ｔ', 2],
    ['한국', 4],
    ['𠀋', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['🇨🇭', 2],
    ['a\u200Bb', 2],
    ['', 0],
  ])('of %s is %i', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('a table', () => {
  test('aligns, whatever script a name is in', () => {
    const lines = renderTable(
      ['NAME', 'ROLE'],
      [
        ['田中', 'manager'],
        ['Zoe\u0301', 'annotator'],
        ['Anna', 'owner'],
      ],
      null,
    );
    expect(lines).toEqual(['NAME  ROLE', '田中  manager', 'Zoe\u0301   annotator', 'Anna  owner']);
  });

  test('is cut to a terminal, never in the middle of a character, and not in a pipe', () => {
    const rows = [['田中田中田中', 'manager']];
    expect(renderTable(['NAME', 'ROLE'], rows, 8)).toEqual(['NAME   …', '田中田…']);
    expect(renderTable(['NAME', 'ROLE'], rows, null)[1]).toBe('田中田中田中  manager');
  });

  test('has no end: a quarter of a million rows', () => {
    expect(
      renderTable(
        ['ID'],
        Array.from({ length: 250_000 }, () => ['x']),
        null,
      ),
    ).toHaveLength(250_001);
  });

  test('of no rows is its head', () => {
    expect(renderTable(['A', 'B'], [], null)).toEqual(['A  B']);
    expect(alignRows([])).toEqual([]);
  });
});
