// Stops in the middle: a page stands still exactly where a transaction begins or has been committed.

/**
 * Has the tab stop at the `nth` read-write transaction on `store` from now on: `at` 'begin' before it is made,
 * at 'complete' before the engine hears that it is stored. No transaction is open then. Answers what to
 * await: whether it came to that before `unless` settled; and the way to go on.
 */
export async function stopAt(tab, { store, at = 'begin', nth = 1 }) {
  const devtools = await tab.devtools()
  const stopped = new Promise((resolve) => { devtools.once('Debugger.paused', () => resolve(true)) })
  await devtools.send('Debugger.enable')
  await tab.page.evaluate(({ store, at, nth }) => {
    const begin = IDBDatabase.prototype.transaction
    let met = 0
    IDBDatabase.prototype.transaction = function (names, mode, options) {
      const meets = mode === 'readwrite' && [names].flat().includes(store) && (met += 1) === nth
      if (meets && at === 'begin') debugger
      const transaction = begin.call(this, names, mode, options)
      if (meets && at === 'complete') transaction.addEventListener('complete', () => { debugger })
      return transaction
    }
  }, { store, at, nth })
  return {
    reached: (unless) => Promise.race([stopped, unless.then(() => false, () => false)]),
    goOn: async () => {
      await devtools.send('Debugger.resume')
      await devtools.detach()
    },
  }
}

/** Keeps a tab from telling the others what it appends. */
export function mute(tab) {
  return tab.page.evaluate(() => { BroadcastChannel.prototype.postMessage = () => undefined })
}

/** Takes the checkpoint's lease from a context that stands still, as a browser does with a frozen one's. */
export function stealLease(tab) {
  return tab.page.evaluate(async () => {
    const { held } = await navigator.locks.query()
    for (const { name } of held.filter((lock) => lock.name.endsWith('/checkpoint'))) {
      await navigator.locks.request(name, { steal: true }, () => undefined)
    }
  })
}
