// Tables that align, also with umlauts, combining marks and wide characters.
const SEPARATOR = '  ';
const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that a terminal gives the text. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of segments.segment(text))
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u.test(
        segment,
      )
        ? 2
        : 1;
  return width;
}

/** Head and rows as lines; cut to `width` columns where one is given (a terminal), never in a pipe. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number | null,
): string[] {
  const widths = head.map((title, column) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join(SEPARATOR)
      .trimEnd();
  return [head, ...rows].map((cells) => cut(line(cells), width));
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
