// The clients of the SCIM bench: kept-alive connections to one server, and how often or how fast it answers them.
import { Agent, request } from 'node:http';

export interface Answered {
  readonly status: number;
  readonly text: string;
}

export type Call = (method: string, path: string, body?: unknown) => Promise<Answered>;

/** Calls the server at `base`; whatever it does not answer with 2xx is an error, since a refusal is quick. */
export function caller(base: string, token: string): Call {
  const agent = new Agent({ keepAlive: true });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' };
  return async (method, path, body) => {
    const answered = await new Promise<Answered>((resolve, reject) => {
      const asked = request(`${base}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.status} ${answered.text.slice(0, 500)}`);
    return answered;
  };
}

export function idOf({ text }: Answered): string {
  return (JSON.parse(text) as { id: string }).id;
}

/** How many calls a second the server answers while each of the clients makes one after the other. */
export async function perSecond(
  clients: number,
  seconds: number,
  work: (nth: number, client: number) => Promise<unknown>,
): Promise<number> {
  let nth = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const one = async (client: number): Promise<void> => {
    while (performance.now() < end) await work(nth++, client);
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)));
  return nth / ((performance.now() - began) / 1000);
}

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

export function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
