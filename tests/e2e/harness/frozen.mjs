// A page that stands still, as a frozen tab does.

/** Stops all JavaScript of a page at its next statement; answers the way to let it go on. (Chromium freezes no page
 * that it takes for visible, and Playwright's are.) */
export async function freeze(page) {
  const devtools = await page.context().newCDPSession(page)
  const paused = new Promise((resolve) => { devtools.once('Debugger.paused', resolve) })
  await devtools.send('Debugger.enable')
  await devtools.send('Debugger.pause')
  page.evaluate(() => 'the next statement').catch(() => undefined)
  await paused
  return async () => {
    await devtools.send('Debugger.resume')
    await devtools.detach()
  }
}
