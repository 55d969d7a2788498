// Parts of forms. Each field has its label, says what it wants, and is marked where what was sent is refused.
import type { Html, HtmlValue } from './html.ts';
import { html } from './html.ts';
import { FORM_TOKEN_FIELD } from './same-site.ts';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: 'email' | 'password' | 'text';
  readonly autocomplete: string;
  readonly value?: string;
  readonly hint?: string;
  /** `untold`: it may be empty, and the hint says when. */
  readonly optional?: boolean | 'untold';
  readonly readOnly?: boolean;
  readonly focus?: boolean;
}

export function field(wish: Field): Html {
  const { name, hint } = wish;
  return html`<div class="field">
    <label for="${name}">${wish.label}${wish.optional === true && html` <span class="optional">optional</span>`}</label>
    <input id="${name}" name="${name}" type="${wish.type}" autocomplete="${wish.autocomplete}"
      ${wish.type === 'password' ? null : html`value="${wish.value ?? ''}"`}
      ${wish.type === 'email' && html`inputmode="email" autocapitalize="none" spellcheck="false"`}
      ${wish.optional === undefined && 'required'}
      ${wish.readOnly === true && 'readonly'}
      ${wish.focus === true && 'autofocus'}
      ${hint !== undefined && html`aria-describedby="${name}-hint"`} />
    ${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
  </div>`;
}

/** A form that only our own pages can send. */
export function form(action: string, formToken: string, ...content: readonly HtmlValue[]): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="${FORM_TOKEN_FIELD}" value="${formToken}" />
    ${content}
  </form>`;
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}

export function submit(label: string, kind: 'primary' | 'quiet' | 'danger' = 'primary'): Html {
  return html`<button class="${kind}" type="submit">${label}</button>`;
}

/** What went wrong, read aloud at once; null for nothing. */
export function problemNote(words: string | null): Html | null {
  return words === null ? null : html`<p class="notice bad" role="alert">${words}</p>`;
}

export function goodNote(words: string | null): Html | null {
  return words === null ? null : html`<p class="notice good" role="status">${words}</p>`;
}
