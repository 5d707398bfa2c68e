// Renders the app's icon, public/icons/daybook.svg, to the PNGs that installers ask for. Needed only
// when the drawing changes: the PNGs are committed.
//
//   CHROME=/usr/bin/chromium node build/icons.mjs

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const FOLDER = fileURLToPath(new URL('../public/icons/', import.meta.url))
const SIZES = [192, 512]
const svg = readFileSync(`${FOLDER}daybook.svg`, 'utf8')
// A maskable icon is cut by the platform: it fills its square, and what matters is inside the circle.
const maskable = svg.replace(/ clip-path="[^"]*"/, '').replace('viewBox="0 0 512 512"', 'viewBox="24 24 464 464"')

async function render(page, drawing, size, name) {
  await page.setViewportSize({ width: size, height: size })
  await page.setContent(`<style>body{margin:0}svg{display:block;width:100vw;height:100vh}</style>${drawing}`)
  await page.screenshot({ path: `${FOLDER}${name}.png`, omitBackground: true })
}

const browser = await chromium.launch({ executablePath: process.env.CHROME ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
const page = await browser.newPage()
for (const size of SIZES) await render(page, svg, size, `daybook-${size}`)
await render(page, maskable, 512, 'daybook-maskable-512')
await browser.close()
