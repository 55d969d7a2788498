// An LDAP server that does as a test tells it, for what no real server does on purpose: lie, hang, stop in the middle of
// a message. Its encoding is ldapts's own, so that a mistake of ours in the encoding can't be made twice.
import { createServer, type Server, type Socket } from 'node:net';
import { BerReader, BerWriter } from 'ldapts';

export interface Asked {
  readonly id: number;
  readonly kind: 'bind' | 'search' | 'extended' | 'unbind';
  /** Which connection, from 1 on. */
  readonly connection: number;
  readonly dn: string;
  readonly password: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly sizeLimit: number;
  readonly timeLimit: number;
  readonly attributes: readonly string[];
  /** The filter in its encoding. */
  readonly filter: Buffer;
  readonly page: { readonly size: number; readonly cookie: string } | null;
}

export type Values = Readonly<Record<string, readonly (string | Buffer)[]>>;

export class Reply {
  readonly #socket: Socket;
  readonly id: number;

  constructor(socket: Socket, id: number) {
    this.#socket = socket;
    this.id = id;
  }

  entry(dn: string, values: Values, id = this.id): this {
    return this.raw(entryMessage(id, dn, values));
  }

  reference(url: string): this {
    return this.raw(message(this.id, 0x73, (writer) => writer.writeString(url)));
  }

  /** The result of a search; `cookie` null leaves the control out. */
  done(code = 0, { cookie = '', text = '', matchedDn = '', referral = '' }: DoneOptions = {}): this {
    return this.raw(
      message(
        this.id,
        0x65,
        (writer) => result(writer, code, { text, matchedDn, referral }),
        (writer) => {
          if (cookie === null) return;
          const value = new BerWriter();
          value.startSequence();
          value.writeInt(0);
          value.writeString(cookie);
          value.endSequence();
          writer.startSequence(0xa0);
          writer.startSequence();
          writer.writeString('1.2.840.113556.1.4.319');
          writer.writeBuffer(value.buffer, 0x04);
          writer.endSequence();
          writer.endSequence();
        },
      ),
    );
  }

  bound(code = 0, text = ''): this {
    return this.raw(message(this.id, 0x61, (writer) => result(writer, code, { text })));
  }

  extended(code = 0, id = this.id): this {
    return this.raw(message(id, 0x78, (writer) => result(writer, code, {})));
  }

  raw(bytes: Buffer): this {
    this.#socket.write(bytes);
    return this;
  }

  /** Several messages in one packet. */
  together(say: (reply: Reply) => unknown): this {
    this.#socket.cork();
    say(this);
    this.#socket.uncork();
    return this;
  }

  hangUp(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

interface DoneOptions {
  readonly cookie?: string | null;
  readonly text?: string;
  readonly matchedDn?: string;
  readonly referral?: string;
}

export interface Script {
  readonly bind?: (asked: Asked, reply: Reply) => void;
  readonly extended?: (asked: Asked, reply: Reply) => void;
  /** Searches of one entry; without it every name is there. */
  readonly base?: (asked: Asked, reply: Reply) => void;
  /** Searches of a subtree. */
  readonly search: (asked: Asked, reply: Reply) => void;
  /** The attributes of the root entry; OpenLDAP's without it. */
  readonly root?: Values;
}

export const OPENLDAP: Values = { objectClass: ['top', 'OpenLDAProotDSE'] };
export const ACTIVE_DIRECTORY: Values = { supportedCapabilities: ['1.2.840.113556.1.4.800'] };

export class ScriptedLdap {
  readonly url: string;
  readonly asked: Asked[];
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, server: Server, asked: Asked[], sockets: Set<Socket>) {
    this.url = url;
    this.#server = server;
    this.asked = asked;
    this.#sockets = sockets;
  }

  static async start(script: Script): Promise<ScriptedLdap> {
    const asked: Asked[] = [];
    const sockets = new Set<Socket>();
    let connections = 0;
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      connections += 1;
      const connection = connections;
      socket.on('error', () => undefined);
      let waiting = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        waiting = Buffer.concat([waiting, chunk]);
        // The beginning of TLS, which this server does not speak.
        if (waiting[0] === 0x16) return;
        for (let size = sizeOf(waiting); size !== null && size <= waiting.length; size = sizeOf(waiting)) {
          const request = readRequest(waiting.subarray(0, size), connection);
          waiting = waiting.subarray(size);
          asked.push(request);
          answer(script, request, new Reply(socket, request.id));
        }
      });
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    return new ScriptedLdap(`ldap://127.0.0.1:${port}`, server, asked, sockets);
  }

  /** The subtree searches that were asked. */
  get searches(): readonly Asked[] {
    return this.asked.filter(({ kind, scope }) => kind === 'search' && scope === 'sub');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function entryMessage(id: number, dn: string | Buffer, values: Values): Buffer {
  return message(id, 0x64, (writer) => {
    writer.writeBuffer(Buffer.from(dn), 0x04);
    writer.startSequence();
    for (const [description, list] of Object.entries(values)) {
      writer.startSequence();
      writer.writeString(description);
      writer.startSequence(0x31);
      for (const value of list) writer.writeBuffer(Buffer.from(value), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

function answer(script: Script, asked: Asked, reply: Reply): void {
  if (asked.kind === 'bind') (script.bind ?? (() => reply.bound()))(asked, reply);
  else if (asked.kind === 'extended') (script.extended ?? (() => reply.extended(2)))(asked, reply);
  else if (asked.kind === 'search' && asked.dn === '')
    reply.entry('', script.root ?? OPENLDAP).done(0, { cookie: null });
  else if (asked.kind === 'search' && asked.scope === 'base') {
    const found = () => reply.entry(asked.dn, {}).done(0, { cookie: null });
    (script.base ?? found)(asked, reply);
  } else if (asked.kind === 'search') script.search(asked, reply);
}

type Write = (writer: BerWriter) => void;

function message(id: number, tag: number, write: Write, controls: Write = () => undefined): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  controls(writer);
  writer.endSequence();
  return Buffer.from(writer.buffer);
}

function result(writer: BerWriter, code: number, { text = '', matchedDn = '', referral = '' }: DoneOptions): void {
  writer.writeEnumeration(code);
  writer.writeString(matchedDn);
  writer.writeString(text);
  if (referral === '') return;
  writer.startSequence(0xa3);
  writer.writeString(referral);
  writer.endSequence();
}

function sizeOf(bytes: Buffer): number | null {
  const first = bytes[1];
  if (first === undefined) return null;
  if (first < 0x80) return 2 + first;
  const count = first - 0x80;
  return bytes.length < 2 + count ? null : 2 + count + bytes.readUIntBE(2, count);
}

const KINDS = new Map([
  [0x60, 'bind'],
  [0x63, 'search'],
  [0x77, 'extended'],
  [0x42, 'unbind'],
] as const);

function readRequest(bytes: Buffer, connection: number): Asked {
  const reader = new BerReader(bytes);
  reader.readSequence();
  const id = reader.readInt() ?? 0;
  const tag = reader.peek() ?? 0;
  const kind = new Map<number, Asked['kind']>(KINDS).get(tag);
  if (kind === undefined) throw new Error(`the scripted server does not know request 0x${tag.toString(16)}`);
  const asked = { id, kind, connection, dn: '', password: '', ...NOTHING };
  if (kind === 'bind') {
    reader.readSequence(tag);
    reader.readInt();
    return { ...asked, dn: reader.readString() ?? '', password: reader.readString(0x80) ?? '' };
  }
  if (kind !== 'search') return asked;
  reader.readSequence(tag);
  const dn = reader.readString() ?? '';
  const scope = (['base', 'one', 'sub'] as const)[reader.readEnumeration() ?? 0] ?? 'base';
  reader.readEnumeration();
  const sizeLimit = reader.readInt() ?? 0;
  const timeLimit = reader.readInt() ?? 0;
  reader.readBoolean();
  const filter = Buffer.from(reader.readString(reader.peek() ?? 0, true) ?? '');
  const attributes: string[] = [];
  reader.readSequence();
  const end = reader.offset + reader.length;
  while (reader.offset < end) attributes.push(reader.readString() ?? '');
  let page: Asked['page'] = null;
  if (reader.peek() === 0xa0) {
    reader.readSequence(0xa0);
    reader.readSequence();
    reader.readString();
    reader.readBoolean();
    const value = new BerReader(Buffer.from(reader.readString(0x04, true) ?? ''));
    value.readSequence();
    page = { size: value.readInt() ?? 0, cookie: value.readString() ?? '' };
  }
  return { ...asked, dn, scope, sizeLimit, timeLimit, filter, attributes, page };
}

const NOTHING = {
  scope: 'base',
  sizeLimit: 0,
  timeLimit: 0,
  attributes: [],
  filter: Buffer.alloc(0),
  page: null,
} as const;
