// From the configuration to the channels through which things go out. Secrets are looked up here, at start, and live
// in the channels only.
import { readFileSync } from 'node:fs';
import type { Config, EscalationChannel } from '../config/config.ts';
import type { Environment, SecretRef } from '../connection/secret.ts';
import { resolveSecret } from '../connection/secret.ts';
import { administratorMailChannel } from '../delivery/administrator-mail.ts';
import type { Channel } from '../delivery/channel.ts';
import type { Mailer } from '../delivery/mail.ts';
import { defaultFrom, printedMailer, smtpMailer } from '../delivery/mail.ts';
import { supportMailChannel } from '../delivery/support-mail.ts';
import { webhookChannel } from '../delivery/webhook.ts';

export interface ChannelSurroundings {
  readonly env: Environment;
  /** Where mail goes that no mail server is configured for. */
  readonly print: (line: string) => void;
}

/** The mail server for people's own mail; null where none is configured. */
export function personMailer({ mail, server }: Config, env: Environment): Mailer | null {
  if (mail === null) return null;
  const address = resolveSecret(mail.smtp, env, (path) => readFileSync(path, 'utf8'));
  return smtpMailer({ server: address, from: mail.from ?? defaultFrom(server.publicUrl) });
}

/** @throws RollcallError `config_invalid` for a secret that cannot be had or used. */
export function channelsOf(config: Config, { env, print }: ChannelSurroundings): Channel[] {
  const secret = (ref: SecretRef): string => resolveSecret(ref, env, (path) => readFileSync(path, 'utf8'));
  const { publicUrl } = config.server;
  const mailerOf = (smtp: SecretRef, from: string | null): Mailer =>
    smtpMailer({ server: secret(smtp), from: from ?? defaultFrom(publicUrl) });
  const escalation = (channel: EscalationChannel): Channel[] => {
    switch (channel.channel) {
      case 'webhook':
        return [webhookChannel({ url: channel.url, secret: channel.secret === null ? null : secret(channel.secret) })];
      case 'email':
        return [supportMailChannel({ to: channel.to, mailer: mailerOf(channel.smtp, channel.from), publicUrl })];
      case 'zendesk':
        // Told as a warning when the configuration is read.
        return [];
    }
  };
  const mailer = personMailer(config, env) ?? printedMailer(print);
  return [
    ...config.escalation.flatMap(escalation),
    administratorMailChannel({ mailer, operators: config.operators, publicUrl }),
  ];
}
