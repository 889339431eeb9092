// A real browser for tests of the report: Debian's chromium, driven by playwright-core, with a fresh profile.
// It exists so that every test opens a page in one way: from a file, with the network watched and shut.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { findProgram } from '../setup/programs.mjs'

/** Pictures of what the tests looked at, for people; git ignores them. */
const pictureFolder = fileURLToPath(new URL('../browser/screenshots/', import.meta.url))

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function startBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium')
  if (executablePath === null)
    throw new Error('chromium is missing: apt-get install --no-install-recommends chromium')
  return chromium.launch({ executablePath, args: flags })
}

/** A page that was opened, and what it did that nobody asked for. */
export interface OpenedPage {
  readonly page: Page
  /** Addresses that it wanted to load, other than its own file. */
  readonly requests: readonly string[]
  /** Errors of its scripts, messages on its console, dialogs. */
  readonly complaints: readonly string[]
}

/** Opens a file. Anything else that the page wants is refused and noted. */
export const openFile = (
  browser: Browser,
  file: string,
  options: BrowserContextOptions = {},
): Promise<OpenedPage> => {
  const own = pathToFileURL(file).href
  return openPage(browser, own, { ...options, allowed: (address) => address === own })
}

/** Opens an address. What the page wants of addresses that are not allowed is refused and noted. */
export async function openPage(
  browser: Browser,
  own: string,
  {
    allowed,
    prepare,
    agrees = false,
    ...options
  }: BrowserContextOptions & {
    readonly allowed: (address: string) => boolean
    /** A script that runs before those of the page. */
    readonly prepare?: () => void
    /** Whether dialogs are answered with yes. */
    readonly agrees?: boolean
  },
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options })
  const requests: string[] = []
  const complaints: string[] = []
  await context.route('**/*', async (route) => {
    const address = route.request().url()
    if (allowed(address)) return route.continue()
    requests.push(address)
    return route.abort()
  })
  const page = await context.newPage()
  if (prepare !== undefined) await page.addInitScript(prepare)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void (agrees ? dialog.accept() : dialog.dismiss())
  })
  await page.goto(own)
  return { page, requests, complaints }
}

/** Keeps a picture of the whole page, or of what is on the screen. */
export async function picture(page: Page, name: string, fullPage = true): Promise<void> {
  fs.mkdirSync(pictureFolder, { recursive: true })
  await page.screenshot({ path: path.join(pictureFolder, `${name}.png`), fullPage })
}
