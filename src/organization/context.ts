// What the commands of this folder that concern sign-in are given: the store and its clock, the keys, and the ports
// through which mails leave and directories are asked.
import type { ConnectionId } from '../core/ids.ts';
import type { PushReading } from '../core/reading.ts';
import type { Sync } from '../sync/context.ts';
import type { Keys } from './keys.ts';

export interface AccountsContext {
  readonly sync: Sync;
  readonly keys: Keys;
  readonly sendMail: SendMail;
  /** The one address of this site, without a slash at its end. What a request calls the site is never believed. */
  readonly publicUrl: string;
  readonly signup: 'open' | 'invitation-only';
  /** Addresses of those who run the installation. */
  readonly operators: readonly string[];
  /** Null where no directory signs anybody in. */
  readonly directory: DirectorySignIn | null;
  /** What went wrong after the answer was given; for the log. */
  readonly unforeseen: (error: unknown) => void;
}

/** A mail that carries one link. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly link: string;
}

/** Hands a mail over; what becomes of it is not waited for, so that no answer tells whether there was one. */
export type SendMail = (mail: Mail) => void;

/** Asks the directories of the LDAP connections whether a name and a password belong together. */
export interface DirectorySignIn {
  /** Never called with an empty password. */
  readonly signIn: (login: { readonly name: string; readonly password: string }) => Promise<DirectoryAnswer>;
}

export type DirectoryAnswer =
  /** The bind succeeded; `reading` is what the directory says of this one person, with their groups. */
  | {
      readonly kind: 'known';
      readonly connection: ConnectionId;
      readonly externalId: string;
      readonly reading: PushReading;
    }
  /** No directory has the name, or the password is another. Which of the two is nobody's business. */
  | { readonly kind: 'wrong' }
  /** No server could be asked. */
  | { readonly kind: 'unavailable' };
