// Colour, on a terminal only: an escape sequence in a file or a pipe is noise, and NO_COLOR asks for none (no-color.org).

const CODES = { red: 31, yellow: 33, bold: 1 } as const;
export type Colour = keyof typeof CODES;

export function paint(
  colour: Colour,
  words: string,
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): string {
  const plain = stream.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return plain ? words : `\u001B[${CODES[colour]}m${words}\u001B[0m`;
}
