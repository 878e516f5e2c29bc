import { existsSync } from 'node:fs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium']

/** The browser of this machine. @throws Error when there is none: a test of the dashboard is never left out */
export function chromiumPath(): string {
  const found = [process.env.CHROMIUM, ...PLACES].find(place => place && existsSync(place))
  if (!found) throw new Error('There is no Chromium: install it (`apt-get install chromium`), or name it in CHROMIUM.')
  return found
}
