// A refusal: which rule refused, and the true reason. The reason goes into the trace and the log; the visitor sees one
// plain message and a reference number.
export interface Refusal {
  /** The rule's name. */
  readonly rule: string;
  readonly reason: string;
}

/**
 * One thing that must be so. It answers null, or why it is not so.
 * Its function name is its name in traces: rules are named functions, never closures.
 */
export type Rule<Subject, Context> = (subject: Subject, context: Context) => string | null;

/** The first rule that is broken; rules are listed in the order in which they are to be asked. */
export function firstRefusal<Subject, Context>(
  rules: readonly Rule<Subject, Context>[],
  subject: Subject,
  context: Context,
): Refusal | null {
  for (const rule of rules) {
    const reason = rule(subject, context);
    if (reason !== null) return { rule: rule.name, reason };
  }
  return null;
}
