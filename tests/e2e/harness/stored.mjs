// What lies in a page's IndexedDB, as someone reads it who has the disk: every key and value of every
// object store of every database, as text.

/** `{ text, records, exportable }`: bytes as Latin-1 and as UTF-16, and how many keys could be exported. */
export function everythingStored(page) {
  return page.evaluate(async () => {
    const answer = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
    const found = { text: '', records: 0, exportable: 0 }
    const note = (value) => {
      const bytes = ArrayBuffer.isView(value) ? value.buffer : value
      if (bytes instanceof ArrayBuffer) {
        found.text += `${new TextDecoder('latin1').decode(bytes)}\n${new TextDecoder('utf-16le').decode(bytes)}\n`
      } else if (value instanceof CryptoKey) {
        if (value.extractable) found.exportable += 1
      } else if (Array.isArray(value)) {
        value.forEach(note)
      } else if (value !== undefined) {
        found.text += `${JSON.stringify(value)}\n`
      }
    }
    for (const { name } of await indexedDB.databases()) {
      const database = await answer(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const objects = database.transaction(store).objectStore(store)
        const [keys, values] = await Promise.all([answer(objects.getAllKeys()), answer(objects.getAll())])
        found.records += values.length
        note(keys)
        note(values)
      }
      database.close()
    }
    return found
  })
}
