// Parts of forms. Each field has its label, says what it wants, and is marked where what was sent is refused.
import type { Html, HtmlValue } from './html.ts';
import { html } from './html.ts';
import { sentence } from './refusal.ts';
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

/** What was refused, and at which field; at none, it concerns the whole form. */
export interface Fault {
  readonly field: string | null;
  readonly words: string;
}

/** The fault behind the words of a refusal: `password: choose …` names its field. What no page asks for stands above the form. */
export function faultOf(detail: string): Fault {
  const [, name = null, words = detail] = /^(email|password|first_name|last_name): (.*)$/s.exec(detail) ?? [];
  return { field: name, words: sentence(words) };
}

/** @param fault what was refused when the form was sent; the field that it names has the focus. */
export function field(wish: Field, fault: Fault | null = null): Html {
  const { name, hint } = wish;
  const wrong = fault?.field === name ? fault.words : null;
  const focus = fault === null || fault.field === null ? wish.focus === true : wrong !== null;
  const told = [wrong !== null && `${name}-fault`, hint !== undefined && `${name}-hint`].filter((id) => id !== false);
  return html`<div class="field">
    <label for="${name}">${wish.label}${wish.optional === true && html` <span class="optional">optional</span>`}</label>
    <input id="${name}" name="${name}" type="${wish.type}" autocomplete="${wish.autocomplete}"
      ${wish.type === 'password' ? null : html`value="${wish.value ?? ''}"`}
      ${wish.type === 'email' && html`inputmode="email" autocapitalize="none" spellcheck="false"`}
      ${wish.optional === undefined && 'required'}
      ${wish.readOnly === true && 'readonly'}
      ${focus && 'autofocus'}
      ${wrong !== null && html`aria-invalid="true"`}
      ${told.length > 0 && html`aria-describedby="${told.join(' ')}"`} />
    ${wrong !== null && html`<p class="fault" id="${name}-fault" role="alert">${wrong}</p>`}
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

/** What went wrong, read aloud at once; nothing where a field says it. */
export function problemNote(fault: Fault | null): Html | null {
  return fault?.field === null ? html`<p class="notice bad" role="alert">${fault.words}</p>` : null;
}

/** What became of what was sent, where it is neither good nor bad. */
export function plainNote(words: string | null): Html | null {
  return words === null ? null : html`<p class="notice" role="status">${words}</p>`;
}

export function goodNote(words: string | null): Html | null {
  return words === null ? null : html`<p class="notice good" role="status">${words}</p>`;
}
