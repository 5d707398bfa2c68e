/**
 * Where a worker's notes lie: a small IndexedDB database of this origin. What is lost with the power need not be there, since
 * then the pages are gone, too.
 */

export interface Note {
  /** A uuid; its key. */
  seed: string;
  /** Of the request. */
  digest: string;
  /** Of the worker. */
  life: string;
  /** Milliseconds since 1970. */
  atMs: number;
  /** It may have reached the server. */
  sent: boolean;
}

const STORE = "notes";

export class Notes {
  #open: Promise<IDBDatabase> | undefined;

  all(): Promise<Note[]> {
    return this.#run("readonly", (store) => store.getAll() as IDBRequest<Note[]>);
  }

  async put(note: Note): Promise<void> {
    await this.#run("readwrite", (store) => store.put(note));
  }

  async delete(seed: string): Promise<void> {
    await this.#run("readwrite", (store) => store.delete(seed));
  }

  async #run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const db = await (this.#open ??= this.#opened());
    const transaction = db.transaction(STORE, mode, { durability: "relaxed" });
    const request = work(transaction.objectStore(STORE));
    transaction.commit();
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? request.error);
    });
  }

  #opened(): Promise<IDBDatabase> {
    const forget = () => (this.#open = undefined);
    const opening = indexedDB.open("thermocline-taken", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "seed" });
    return new Promise<IDBDatabase>((resolve, reject) => {
      opening.onsuccess = () => {
        opening.result.onclose = forget;
        opening.result.onversionchange = () => void (forget(), opening.result.close());
        resolve(opening.result);
      };
      opening.onerror = () => void (forget(), reject(opening.error));
    });
  }
}
