// What is asked of Postgres several times at once, outside of any transaction, goes out once: every request asks whose
// its token is. Nobody is given an answer that was under way before they asked.
import { setImmediate as turn } from 'node:timers/promises';

const waiting = new WeakMap<object, Map<string, Promise<unknown[]>>>();

/** The rows that `ask` gives; `question` tells one statement with its values from another. */
export async function askOnce(pool: object, question: string, ask: () => Promise<unknown[]>): Promise<unknown[]> {
  const asked = waiting.get(pool) ?? new Map<string, Promise<unknown[]>>();
  waiting.set(pool, asked);
  const known = asked.get(question);
  if (known !== undefined) return known;
  const answer = turn().then(async () => {
    asked.delete(question);
    return ask();
  });
  asked.set(question, answer);
  return answer;
}
