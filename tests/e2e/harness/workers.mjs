// The service worker as the browser handles it: woken by an event, stopped at any moment.

/** Controls the worker of a project's origin, from a page of any origin. */
export async function workerOf(page, origin) {
  const devtools = await page.context().newCDPSession(page)
  let registration
  const running = new Set()
  const found = new Promise((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registration = registrations.find(({ scopeURL, isDeleted }) => scopeURL.startsWith(origin) && !isDeleted)?.registrationId ?? registration
      if (registration) resolve()
    })
  })
  devtools.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    for (const { versionId, scriptURL, runningStatus } of versions) {
      if (!scriptURL.startsWith(origin)) continue
      if (runningStatus === 'running' || runningStatus === 'starting') running.add(versionId)
      else running.delete(versionId)
    }
  })
  await devtools.send('ServiceWorker.enable')
  await found
  const event = (name, more) => devtools.send(`ServiceWorker.dispatch${name}Event`, { origin, registrationId: registration, tag: 'thermocline', ...more })
  return {
    isRunning: () => running.size > 0,
    /** Fires `sync` as the browser does when the network is back. */
    sync: () => event('Sync', { lastChance: false }),
    periodicSync: () => event('PeriodicSync'),
    /** Ends it wherever it is. */
    stop: () => devtools.send('ServiceWorker.stopAllWorkers'),
  }
}
