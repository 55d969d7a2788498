// The configuration file as YAML, with the line on which each of its keys stands.
import { isAbsolute, resolve } from 'node:path';
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Fault } from '../errors.ts';

/** Where something stands in the file: keys and list positions from the top. */
export type Path = readonly (string | number)[];

export interface ConfigDocument {
  /** The plain data; null when the text is not YAML. `{ file: PATH }` is already absolute. */
  readonly data: unknown;
  /** What is wrong with the YAML itself. */
  readonly faults: readonly Fault[];
  /** The line of the key or item at `path`, or of the nearest thing around it. */
  readonly lineOf: (path: Path) => number | undefined;
}

/** `mappings[2].role`; the empty path is `name`, the file itself. */
export function dotted(path: Path, name: string): string {
  if (path.length === 0) return name;
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}

export function parseConfigDocument(text: string, name: string, directory: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (path: Path) => lineIn(document, lines, path);
  // A warning of the parser is an unknown tag: `!env X` would silently be the text X.
  const faults = [...document.errors, ...document.warnings].map((error) => ({
    at: name,
    line: lines.linePos(error.pos[0]).line,
    message: `is not valid YAML here: ${firstLine(error.message)}`,
  }));
  if (faults.length > 0) return { data: null, faults, lineOf };
  try {
    const written: unknown = document.toJS();
    return { data: absolute(written, directory), faults, lineOf };
  } catch (error) {
    const message = `is not valid YAML: ${firstLine(error instanceof Error ? error.message : String(error))}`;
    return { data: null, faults: [{ at: name, message }], lineOf };
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

function lineIn(document: Document.Parsed, lines: LineCounter, path: Path): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined = offsetOf(node);
  for (const part of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
      if (pair === undefined) break;
      offset = offsetOf(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      offset = offsetOf(node) ?? offset;
    } else {
      break;
    }
  }
  return offset === undefined ? undefined : lines.linePos(offset).line;
}

function offsetOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}

/** Paths are relative to the file, wherever the program was started. */
function absolute(value: unknown, directory: string): unknown {
  if (Array.isArray(value)) return value.map((item) => absolute(item, directory));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'file' && typeof inner === 'string' && inner !== '' && !isAbsolute(inner)
        ? resolve(directory, inner)
        : absolute(inner, directory),
    ]),
  );
}
