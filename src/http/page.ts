// The frame of every page: one column, one style sheet, no script. Readable without colours, by keyboard and aloud.
import type { Response } from 'express';
import type { Html } from './html.ts';
import { html } from './html.ts';

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** A page about many things is wider than one with a single form. */
  readonly wide?: boolean;
  /** Who is signed in, with the form that signs them out. */
  readonly head?: Html;
}

export function sendPage(response: Response, status: number, page: Page): void {
  response
    .status(status)
    .type('html')
    .set('Referrer-Policy', 'no-referrer')
    .send(
      `<!doctype html>${
        html`<html lang="en">
          <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <title>${page.title} · Rollcall</title>
            <link rel="icon" href="/user/assets/icon.svg" type="image/svg+xml" />
            <link rel="stylesheet" href="/user/assets/style.css" />
          </head>
          <body>
            <header class="top">
              <a class="brand" href="/"><img src="/user/assets/icon.svg" alt="" width="28" height="28" />Rollcall</a>
              ${page.head ?? null}
            </header>
            <main class="${page.wide === true ? 'wide' : 'narrow'}">
              <h1>${page.title}</h1>
              ${page.body}
            </main>
          </body>
        </html>`.text
      }`,
    );
}
