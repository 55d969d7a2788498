// How a fault that the schema found is said: a phrase that can stand behind the path of what it is about.
import { z } from 'zod';
import { nearest } from '../core/nearest.ts';

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of keys',
  record: 'a set of keys',
};

/** Passed to `safeParse` as `error`; a message that the schema itself gives goes first. */
export function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected, issue.input);
    case 'invalid_value':
      return describeChoice(issue.values, issue.input);
    case 'invalid_union':
      return describeUnion(issue);
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `must ${verb(issue.origin)} at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must ${verb(issue.origin)} at most ${issue.maximum}${unit(issue.origin)}`;
    default:
      return undefined;
  }
}

function describeType(expected: string, input: unknown): string {
  const noun = NOUNS[expected] ?? expected;
  if (input === undefined) return `is missing: ${noun}`;
  if (expected === 'array') return `must be a list, not ${nounOf(input)}${input === null ? ': write [] for none' : ''}`;
  if (expected === 'string' && (typeof input === 'number' || typeof input === 'boolean')) {
    return `must be text, not ${nounOf(input)}: put it in quotes`;
  }
  return `must be ${noun}, not ${nounOf(input)}`;
}

function nounOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'boolean') return 'true or false';
  return NOUNS[typeof input] ?? typeof input;
}

function describeChoice(values: readonly unknown[], input: unknown): string {
  const choices = values.map(String);
  if (input === undefined) return `is missing: one of ${choices.join(', ')}`;
  const near = typeof input === 'string' ? nearest(input, choices) : null;
  const sentence = choices.length === 1 ? `must be ${choices[0]}` : `must be one of ${choices.join(', ')}`;
  return near === null ? sentence : `${sentence}. Did you mean ${near}?`;
}

function describeUnion(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string | undefined {
  if ('options' in issue && Array.isArray(issue.options)) {
    const written = typeof issue.input === 'object' && issue.input !== null ? Object.entries(issue.input) : [];
    const value = written.find(([key]) => key === issue.discriminator)?.[1];
    return describeChoice(issue.options, value);
  }
  return undefined;
}

function verb(origin: string): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' items' : '';
}
