// The service worker at work in the background, as the browser calls it.

/** Fires `sync` as the browser does when the network is back, from a page of no origin. */
export async function dispatchSync(page, origin) {
  const devtools = await page.context().newCDPSession(page)
  const found = new Promise((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const ours = registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(origin) && !isDeleted)
      if (ours) resolve(ours.registrationId)
    })
  })
  await devtools.send('ServiceWorker.enable')
  await devtools.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId: await found, tag: 'thermocline', lastChance: false })
}
