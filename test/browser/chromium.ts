/** The browser of these tests: Debian's Chromium, if it is there; and why tests are skipped, if not. */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

export const chromiumIsMissing = !existsSync(executablePath)

/** For the name of a `describe`: '' when nothing is missing. */
export const skipped = chromiumIsMissing ? ' [skipped: the Debian package chromium is missing]' : ''

export function launchChromium(): Promise<Browser> {
  // Root has no sandbox, and containers often have little shared memory.
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
  return chromium.launch({ executablePath, args })
}
