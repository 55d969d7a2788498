// The few pages of the SAML door, without a script but for the form that posts itself. They say what a visitor can do,
// and never why a message was refused: that is for the trace.
import { randomBytes, randomInt } from 'node:crypto';
import type { Response } from 'express';
import { hidden, submit } from './form.ts';
import { html } from './html.ts';
import { sendPage as frame } from './page.ts';

/** Read aloud without mistakes: no I, O, 0, 1. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** What the visitor tells support: twelve characters that say nothing to anybody else. */
export function newReference(): string {
  const characters = Array.from({ length: 12 }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return [0, 4, 8].map((at) => characters.slice(at, at + 4).join('')).join('-');
}

export function sendPage(response: Response, status: number, title: string, paragraphs: readonly string[]): void {
  response.set('Cache-Control', 'no-store');
  frame(response, status, { title, body: html`${paragraphs.map((text) => html`<p>${text}</p>`)}` });
}

export function sendRefusal(response: Response, status: number, reference: string, help: string | null): void {
  sendPage(response, status, 'Sign-in did not work', [
    help ??
      'You could not be signed in. Please start again from where you came; if that does not help, ask your administrator.',
    `Reference: ${reference}`,
  ]);
}

/** Nothing was looked at, and there is no trace of it. */
export function sendLater(response: Response, retryAfterMs: number): void {
  response.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
  sendPage(response, 429, 'Too many sign-ins', ['Too many sign-ins are under way. Please try again in a moment.']);
}

/** A form that posts itself to the provider (the POST binding). */
export function sendPostForm(response: Response, address: string, fields: Readonly<Record<string, string>>): void {
  const nonce = randomBytes(16).toString('base64');
  // No form-action: a provider may lead the posted form on to another address of its own.
  const policy = `default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-${nonce}'`;
  response
    .set('Content-Security-Policy', `${policy}; base-uri 'none'; frame-ancestors 'none'`)
    .set('Cache-Control', 'no-store');
  const body = html`<form method="post" action="${address}">
      ${Object.entries(fields).map(([name, value]) => hidden(name, value))}
      <p>You are being taken to your identity provider.</p>
      ${submit('Go on')}
    </form>
    <script nonce="${nonce}">document.forms[0].submit();</script>`;
  frame(response, 200, { title: 'Signing in', body });
}
