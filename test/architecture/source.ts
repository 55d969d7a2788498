// A source text without its comments and the contents of its literals, so that a word found in it is code. Every
// character keeps its place, and with it its line.

/** After one of these a slash begins a regular expression; after a value it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|delete|await|yield))\s*$/;

export interface Source {
  /** The text with comments and literals blanked; quotes stay. */
  readonly code: string;
  /** What stood between the quotes that open at this offset. */
  readonly stringAt: (offset: number) => string | null;
  readonly lineOf: (offset: number) => number;
}

export function readSource(text: string): Source {
  const code = Array.from({ length: text.length }, (_, at) => text[at] ?? '');
  const strings = new Map<number, string>();
  const blank = (from: number, to: number): void => {
    for (let at = from; at < to && at < code.length; at += 1) if (code[at] !== '\n') code[at] = ' ';
  };
  // How deep in braces each open template literal's `${` stands; the innermost last.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const endOfTemplate = (from: number): number => {
    let end = from;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1;
    blank(from, end);
    if (text[end] === '`') return end + 1;
    templates.push(depth);
    depth += 1;
    return end + 2;
  };

  while (at < text.length) {
    const character = text[at] ?? '';
    if (text.startsWith('//', at)) {
      const end = endOr(text, text.indexOf('\n', at));
      blank(at, end);
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = endOr(text, text.indexOf('*/', at + 2), 2);
      blank(at, end);
      at = end;
    } else if (character === "'" || character === '"') {
      const end = endOfQuoted(text, at + 1, character);
      strings.set(at, text.slice(at + 1, end));
      blank(at + 1, end);
      at = end + 1;
    } else if (character === '`') {
      const start = at;
      at = endOfTemplate(at + 1);
      if (text[at - 1] === '`') strings.set(start, text.slice(start + 1, at - 1));
    } else if (character === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      at = endOfTemplate(at + 1);
    } else if (character === '/' && BEFORE_REGEX.test(code.slice(Math.max(0, at - 12), at).join(''))) {
      const end = endOfRegex(text, at + 1);
      blank(at + 1, end);
      at = end + 1;
    } else {
      if (character === '{') depth += 1;
      if (character === '}') depth -= 1;
      at += 1;
    }
  }
  return {
    code: code.join(''),
    stringAt: (offset) => strings.get(offset) ?? null,
    lineOf: (offset) => text.slice(0, offset).split('\n').length,
  };
}

function endOr(text: string, found: number, length = 0): number {
  return found < 0 ? text.length : found + length;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let end = from;
  while (end < text.length && text[end] !== quote && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
  return end;
}

function endOfRegex(text: string, from: number): number {
  let inClass = false;
  let end = from;
  while (end < text.length && text[end] !== '\n' && (inClass || text[end] !== '/')) {
    if (text[end] === '[') inClass = true;
    if (text[end] === ']') inClass = false;
    end += text[end] === '\\' ? 2 : 1;
  }
  return end;
}
