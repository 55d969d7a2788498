// A name server for TXT records on loopback: it answers what a test puts into its zone, and "no such name" for the rest.
import { createSocket } from 'node:dgram';

export interface NameServer {
  /** As ROLLCALL_DNS_SERVERS takes it. */
  readonly address: string;
  readonly zone: Map<string, string>;
  readonly stop: () => void;
}

export async function startNameServer(): Promise<NameServer> {
  const zone = new Map<string, string>();
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answerTo(query, zone), from.port, from.address));
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const { port } = socket.address();
  return { address: `127.0.0.1:${port}`, zone, stop: () => socket.close() };
}

/** RFC 1035: the header, the question as it came, and a TXT record of one string where the zone has the name. */
function answerTo(query: Buffer, zone: ReadonlyMap<string, string>): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const question = query.subarray(12, at + 5);
  const text = zone.get(labels.join('.').toLowerCase());
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(text === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(text === undefined ? 0 : 1, 6);
  if (text === undefined) return Buffer.concat([header, question]);
  const value = Buffer.from(text, 'latin1');
  // A pointer to the name in the question; type TXT, class IN, no time to live, and its length.
  const record = Buffer.from([0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 0, 0, value.length + 1, value.length]);
  return Buffer.concat([header, question, record, value]);
}
