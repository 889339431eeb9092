// The script of a run that goes on: takes in what the server sends, and passes on what the operator presses.
// Functions in this folder are put into the page as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type { PageData } from './pageData.js'

/** What the page is, as the server made it. */
export interface LiveSettings {
  /** `waiting`: there is nothing to draw yet; `charts`: there is. The server says when it is time for another page. */
  readonly kind: 'waiting' | 'charts'
  /** How much of the record stands on it: the number of the last event that the server counts as seen. */
  readonly seen: number
}

/** What the server sends: the page as it is now, and the series of its charts. */
export interface LiveUpdate {
  readonly page: string
  readonly data: PageData | null
}

/** What an element is known by when the page is compared with a later one; empty for what only has its place. */
export function keyOf(node: Node): string {
  if (!(node instanceof Element)) return ''
  return node.id || node.getAttribute('aria-labelledby') || ''
}

/**
 * Makes one element like another, changing only what differs: so whatever is being read, focused or opened stays as it is.
 * What the page's scripts keep themselves is left alone: charts, what is pressed or open, elements with `data-own`.
 */
export function merge(own: Element, later: Element): void {
  if (own.hasAttribute('data-own')) return
  const kept = ['open', 'aria-pressed']
  for (const name of own.getAttributeNames())
    if (!kept.includes(name) && !later.hasAttribute(name)) own.removeAttribute(name)
  for (const { name, value } of later.attributes)
    if (!kept.includes(name) && own.getAttribute(name) !== value) own.setAttribute(name, value)
  if (own.classList.contains('plot')) return
  let at = own.firstChild
  // A list of its own: what is taken over leaves the other.
  for (const wanted of Array.from(later.childNodes)) {
    const key = keyOf(wanted)
    let found: ChildNode | null = at !== null && keyOf(at) === '' ? at : null
    if (key !== '') found = [...own.children].find((each) => keyOf(each) === key) ?? null
    if (found === null || found.nodeName !== wanted.nodeName) {
      own.insertBefore(wanted, at)
      continue
    }
    if (found === at) at = at.nextSibling
    else own.insertBefore(found, at)
    if (found instanceof Element) merge(found, wanted as Element)
    else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue
  }
  while (at !== null) {
    const next: ChildNode | null = at.nextSibling
    at.remove()
    at = next
  }
}

/** Follows the run. `update` takes in later data of the charts; null where there are none yet. */
export function startLive(settings: LiveSettings, update: ((later: PageData) => void) | null): void {
  const token = new URLSearchParams(location.search).get('token') ?? ''
  const parameters = { token, kind: settings.kind, seen: String(settings.seen) }
  const stream = new EventSource(`/events?${new URLSearchParams(parameters).toString()}`)

  function say(text: string): void {
    const place = document.getElementById('connection')
    if (place && place.textContent !== text) place.textContent = text
  }

  stream.addEventListener('open', () => say('Connected.'))
  stream.addEventListener('error', () =>
    say(
      stream.readyState === EventSource.CLOSED
        ? 'The server has refused the connection: reload the page.'
        : 'Not connected, trying again. What stands here is as it was.',
    ),
  )
  stream.addEventListener('state', ({ data: text }: MessageEvent<string>) => {
    const { page, data } = JSON.parse(text) as LiveUpdate
    const own = document.getElementById('page')
    const later = new DOMParser().parseFromString(page, 'text/html').getElementById('page')
    if (own && later) merge(own, later)
    if (data && update) update(data)
  })
  // The run has begun, or ended: the same address now has another page, the last one being the report.
  stream.addEventListener('turn', () => {
    stream.close()
    location.reload()
  })

  async function ask(action: string, words: string): Promise<void> {
    try {
      const reply = await window.fetch(action, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}` },
      })
      say(reply.ok ? `Asked for: ${words}.` : `Not done: ${words}. ${await reply.text()}`)
    } catch {
      say(`Not done: ${words}. The server cannot be reached.`)
    }
  }
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest<HTMLButtonElement>('button[data-action]') : null
    const action = button?.dataset['action']
    if (!button || action === undefined) return
    const words = button.textContent.trim()
    const sure = button.dataset['sure']
    if (sure === undefined || confirm(sure)) void ask(action, words)
  })
}
