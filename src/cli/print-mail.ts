// Without a mail server nothing is lost: each mail is a line on standard error, with its full link.
import type { SendMail } from '../organization/context.ts';
import { printable } from './printable.ts';

export function printMail(stderr: NodeJS.WritableStream): SendMail {
  return ({ to, subject, link }) => {
    stderr.write(`${printable(`mail to ${to}: ${subject}: ${link}`)}\n`);
  };
}
