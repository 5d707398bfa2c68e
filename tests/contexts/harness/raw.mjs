// The local database as it lies in IndexedDB, looked at and changed behind the engine's back.

/** Segments that have blocks, by their ids' text. */
export function segmentsOf(page, user) {
  return inDatabase(page, user, async (database, settled) => {
    const keys = await settled(database.transaction('blocks').objectStore('blocks').getAllKeys())
    const text = ([id]) => (typeof id === 'string' ? id : [...new Uint8Array(id)].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
    return [...new Set(keys.map(text))]
  })
}

/** The manifest's bytes as text: another one after each checkpoint. */
export function manifestOf(page, user) {
  return inDatabase(page, user, async (database, settled) =>
    new Uint8Array(await settled(database.transaction('meta').objectStore('meta').get('manifest'))).join())
}

/** Keys of the log's records. */
export function logKeys(page, user) {
  return inDatabase(page, user, (database, settled) => settled(database.transaction('log').objectStore('log').getAllKeys()))
}

/** Appends a frame as another engine would: one record, under the incarnation of the one before it. Answers its key. */
export function appendFrame(page, user, frame) {
  return inDatabase(page, user, async (database, settled, bytes) => {
    const log = database.transaction('log', 'readwrite').objectStore('log')
    const { value } = await settled(log.openCursor(null, 'prev'))
    const before = new Uint8Array(value.buffer ?? value)
    const [FLAG, INCARNATION] = [3, before.slice(1, 17)]
    return settled(log.add(new Uint8Array([FLAG, ...INCARNATION, ...bytes]).buffer))
  }, [...frame])
}

export function removeRecord(page, user, key) {
  return inDatabase(page, user, (database, settled, given) =>
    settled(database.transaction('log', 'readwrite').objectStore('log').delete(given)), key)
}

/** Runs `work(database, settled, given)` in a page on the user's database. */
function inDatabase(page, user, work, given) {
  return page.evaluate(async ({ user, work, given }) => {
    const settled = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const { name } = (await indexedDB.databases()).find((found) => found.name.endsWith(user))
    const database = await settled(indexedDB.open(name))
    try {
      return await eval(work)(database, settled, given)
    } finally {
      database.close()
    }
  }, { user, work: `(${work})`, given })
}
