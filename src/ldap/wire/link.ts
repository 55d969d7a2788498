// One connection to one server: numbered requests go out, whole messages come in, and every wait has an end. After any
// failure the link is gone for good; nothing here connects again, since a new connection is bound as nobody.
import type { Socket } from 'node:net';
import { RollcallError } from '../../errors.ts';
import { WireFault } from './ber.ts';
import { Framer } from './framer.ts';
import { type Answers, decodeMessage, type LdapResult, type ServerMessage } from './message.ts';
import type { Patience } from './patience.ts';
import { type Request, unbindRequest } from './request.ts';

/** The server says so, unasked, before it hangs up. */
const NOTICE_ID = 0;
/** Time for the parting word to leave; a server that reads nothing does not hold us up. */
const PARTING_MS = 200;

export class Link {
  readonly server: string;
  /** What the link is used for at present: the first word of every failure. */
  step = 'connect';
  #socket: Socket;
  readonly #framer = new Framer();
  #lastId = 0;
  #failure: Error | null = null;

  constructor(socket: Socket, server: string) {
    this.server = server;
    this.#socket = socket;
    this.#watch(socket);
  }

  send(request: Request): number {
    this.#lastId += 1;
    this.#socket.write(request(this.#lastId));
    return this.#lastId;
  }

  /**
   * The messages that have come, at least one, all of them about the request `id`.
   * @throws RollcallError `directory_unreachable`
   */
  async receive(id: number, patience: Patience): Promise<ServerMessage[]> {
    for (;;) {
      if (patience.ended) throw this.#gone(patience.overdue());
      const chunk = this.#read() ?? (await this.#wait(patience));
      if (chunk === null) continue;
      try {
        const messages = this.#framer.push(chunk).map(decodeMessage);
        for (const message of messages) this.#check(message, id);
        // Nobody asked for it; before TLS anybody on the way could have said it.
        if (messages.slice(0, -1).some(({ kind }) => kind === 'result')) {
          throw this.#gone('it said more after the end of its answer');
        }
        if (messages.length > 0) return messages;
      } catch (error) {
        if (!(error instanceof WireFault)) throw error;
        throw this.#gone(`what it sent is not LDAP (${error.message}): is this the port of a directory server?`);
      }
    }
  }

  /** A request that is answered with one result. */
  async ask(request: Request, answers: Answers, patience: Patience): Promise<LdapResult> {
    const id = this.send(request);
    for (;;) {
      for (const message of await this.receive(id, patience)) {
        if (message.kind === 'other') continue;
        if (message.kind === 'result' && message.answers === answers) return message.result;
        throw this.#gone(`it answered another question than the one that was asked`);
      }
    }
  }

  /**
   * Goes on over TLS.
   * @throws RollcallError `directory_unreachable` where something came before TLS began: nobody knows who wrote it.
   */
  async upgrade(secure: (plain: Socket) => Promise<Socket>): Promise<void> {
    if (!this.#framer.idle || this.#socket.readableLength > 0) {
      throw this.#gone('it sent more than its consent to StartTLS before TLS began');
    }
    this.#socket = await secure(this.#socket);
    this.#watch(this.#socket);
  }

  /** Says goodbye where that is still possible; always leaves the connection closed. */
  async close(): Promise<void> {
    const socket = this.#socket;
    if (this.#failure === null && socket.writable) {
      const sent = new Promise((resolve) => socket.end(unbindRequest()(this.#lastId + 1), () => resolve(null)));
      await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, PARTING_MS).unref())]);
    }
    socket.destroy();
  }

  #watch(socket: Socket): void {
    socket.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  #read(): Buffer | null {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no encoding is set, so it reads bytes
    return this.#socket.read() as Buffer | null;
  }

  /** The next bytes; null where they have to be asked for again. */
  async #wait(patience: Patience): Promise<Buffer | null> {
    const socket = this.#socket;
    if (this.#failure !== null || socket.readableEnded || socket.destroyed) throw this.#lost();
    const began = performance.now();
    const inTime = await arrival(socket, patience.leftMs);
    patience.spend(performance.now() - began);
    if (!inTime && this.#failure === null) throw this.#gone(patience.overdue());
    const chunk = this.#read();
    if (chunk === null && (socket.readableEnded || socket.destroyed)) throw this.#lost();
    return chunk;
  }

  #check(message: ServerMessage, id: number): void {
    if (message.id === id) return;
    if (message.id === NOTICE_ID && message.kind === 'result') {
      throw this.#gone(`it closed the connection: ${message.result.text || `code ${message.result.code}`}`);
    }
    throw this.#gone(`it answered request ${message.id} when ${id} was asked`);
  }

  #lost(): RollcallError {
    const half = this.#framer.idle ? '' : ' in the middle of a message';
    const why = this.#failure === null ? '' : ` (${this.#failure.message})`;
    return this.#gone(`the connection broke off${half}${why}`);
  }

  #gone(why: string): RollcallError {
    this.#failure ??= new Error(why);
    this.#socket.destroy();
    return new RollcallError('directory_unreachable', `${this.step}: ${this.server}: ${why}`);
  }
}

/** Waits until there is something to read, or nothing ever will be; false when the time has passed before. */
async function arrival(socket: Socket, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const arrived = () => resolve(true);
  const timer = setTimeout(() => {
    // After a long pause of our own the timer runs before the bytes are looked for that have long been there.
    setImmediate(() => resolve(socket.readableLength > 0));
  }, ms);
  socket.on('readable', arrived);
  socket.on('close', arrived);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.off('readable', arrived);
    socket.off('close', arrived);
  }
}
