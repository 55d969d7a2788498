// Tables that align, also with umlauts, combining marks and wide characters.
const SEPARATOR = '  ';
const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

// Nearly every cell: one column a character, and no need to look for graphemes in a hundred thousand of them.
const PLAIN = /^[\u0020-\u007E\u00A0-\u02FF]*$/;

/** East Asian wide and fullwidth, emoji, and what a variation selector makes one. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\uFE0F|\p{Emoji_Presentation}/u;

/** Columns that a terminal gives the text. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segments.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

function widthOfGrapheme(segment: string): number {
  if (WIDE.test(segment)) return 2;
  // Zero-width spaces, joiners and marks that stand alone.
  return /^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(segment) ? 0 : 1;
}

/** Head and rows as lines; cut to `width` columns where one is given (a terminal), never in a pipe. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null,
): string[] {
  const widths = columnWidths([head, ...rows]);
  return [head, ...rows].map((cells) => cut(lineOf(cells, widths), width));
}

/** Rows without a head. */
export function alignRows(rows: readonly (readonly string[])[]): string[] {
  const widths = columnWidths(rows);
  return rows.map((cells) => lineOf(cells, widths));
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const cells of rows) {
    for (const [column, cell] of cells.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return widths;
}

function lineOf(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
    .join(SEPARATOR)
    .trimEnd();
}

function cut(line: string, width: number | null): string {
  if (width === null || widthOf(line) <= width) return line;
  let kept = '';
  let used = 0;
  for (const { segment } of segments.segment(line)) {
    used += widthOf(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
