// HTML written so that what comes from a scenario or a server can only ever be text.
// A template escapes all that is put into it, except what this module itself has made.

/** HTML that is known to be well formed: made by `html`, or by `trusted` from text of our own. */
export class SafeHtml {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Fragment = SafeHtml | string | number | null | readonly Fragment[]

/** Marks text of our own making (a style sheet, a drawing) as HTML. Never call it with what was read. */
export const trusted = (text: string): SafeHtml => new SafeHtml(text)

/** A template whose values are escaped: html`<td>${name}</td>`. Lists are joined; null is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Fragment[]): SafeHtml {
  return new SafeHtml(strings.reduce((out, text, i) => out + text + render(values[i] ?? null), ''))
}

function render(value: Fragment): string {
  if (value === null) return ''
  if (value instanceof SafeHtml) return value.text
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value))
  return value.map(render).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for an element or a quoted attribute. Characters that no document may hold become U+FFFD. */
export function escapeHtml(text: string): string {
  return (
    text
      .replace(/[&<>"']/g, (found) => entities[found] ?? '')
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  )
}

/**
 * JSON that may stand inside a script element: an HTML parser looks for `</script` and `<!--` in it whatever the
 * quotes say, and U+2028 and U+2029 end a line in older JavaScript.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A script's text for a script element: only `</script` and `<!--` could end or garble it. */
export function scriptText(source: string): string {
  return source.replace(/<(?=\/script|!--|script)/gi, '\\x3c')
}
