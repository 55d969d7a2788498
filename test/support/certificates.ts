// A certificate authority for tests, and certificates for servers: X.509 version 3 with elliptic keys, made in a
// millisecond and good for nothing else.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { BerWriter } from 'ldapts';

export interface Issued {
  /** PEM. */
  readonly certificate: string;
  readonly key: string;
}

export interface Wish {
  /** DNS names, or one IPv4 address. */
  readonly names: readonly string[];
  readonly validFrom?: Date;
  readonly validTo?: Date;
}

const DAY = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

export class Authority {
  readonly certificate: string;
  readonly #name: string;
  readonly #key: KeyObject;

  constructor(name = 'Test Authority') {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    this.#name = name;
    this.#key = privateKey;
    this.certificate = this.#issue(name, privateKey, { names: [] }, true);
  }

  issue(wish: Wish): Issued {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    return {
      certificate: this.#issue(wish.names[0] ?? 'nobody', privateKey, wish, false),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  }

  #issue(subject: string, key: KeyObject, wish: Wish, isAuthority: boolean): string {
    const from = wish.validFrom ?? new Date(Date.now() - DAY);
    const to = wish.validTo ?? new Date(Date.now() + 30 * DAY);
    const body = der((writer) => {
      sequence(writer, 0xa0, () => writer.writeInt(2));
      // Positive and not zero.
      writer.writeBuffer(Buffer.concat([Buffer.from([0x11]), randomBytes(8)]), 0x02);
      sequence(writer, 0x30, () => writer.writeOID(ECDSA_WITH_SHA256));
      commonName(writer, this.#name);
      sequence(writer, 0x30, () => {
        writer.writeString(utcTime(from), 0x17);
        writer.writeString(utcTime(to), 0x17);
      });
      commonName(writer, subject);
      raw(writer, createPublicKey(key).export({ type: 'spki', format: 'der' }));
      sequence(writer, 0xa3, () => {
        sequence(writer, 0x30, () => {
          extension(writer, '2.5.29.19', (inner) =>
            sequence(inner, 0x30, () => isAuthority && inner.writeBoolean(true)),
          );
          if (wish.names.length > 0) {
            extension(writer, '2.5.29.17', (inner) =>
              sequence(inner, 0x30, () => wish.names.forEach((name) => alternative(inner, name))),
            );
          }
        });
      });
    });
    const whole = der((writer) => {
      raw(writer, body);
      sequence(writer, 0x30, () => writer.writeOID(ECDSA_WITH_SHA256));
      writer.writeBuffer(Buffer.concat([Buffer.from([0]), sign('sha256', body, this.#key)]), 0x03);
    });
    const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }
}

function der(write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  sequence(writer, 0x30, () => write(writer));
  return Buffer.from(writer.buffer);
}

function sequence(writer: BerWriter, tag: number, write: () => unknown): void {
  writer.startSequence(tag);
  write();
  writer.endSequence();
}

/** Bytes that are encoded already. */
function raw(writer: BerWriter, bytes: Buffer): void {
  for (const byte of bytes) writer.writeByte(byte);
}

function commonName(writer: BerWriter, name: string): void {
  sequence(writer, 0x30, () =>
    sequence(writer, 0x31, () =>
      sequence(writer, 0x30, () => {
        writer.writeOID('2.5.4.3');
        writer.writeString(name, 0x0c);
      }),
    ),
  );
}

function extension(writer: BerWriter, oid: string, write: (inner: BerWriter) => void): void {
  const inner = new BerWriter();
  write(inner);
  sequence(writer, 0x30, () => {
    writer.writeOID(oid);
    writer.writeBuffer(Buffer.from(inner.buffer), 0x04);
  });
}

function alternative(writer: BerWriter, name: string): void {
  if (/^[\d.]+$/.test(name)) writer.writeBuffer(Buffer.from(name.split('.').map(Number)), 0x87);
  else writer.writeString(name, 0x82);
}

function utcTime(date: Date): string {
  return `${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;
}
