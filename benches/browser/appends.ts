// Listens to IndexedDB while ours writes: when an append's transaction has started, and when a checkpoint is over.
//
// A transaction says nothing when it starts. The first request of it that succeeds is a moment later, so the waits are upper
// bounds. A checkpoint ends with the transaction that writes `meta` and cuts `log`.

export function appendWatch() {
  const { transaction } = IDBDatabase.prototype;
  const { add } = IDBObjectStore.prototype;
  let started = () => {};
  let decided = false;

  IDBDatabase.prototype.transaction = function (names, mode, options) {
    const made = transaction.call(this, names, mode, options);
    const scope = [names].flat() as string[];
    if (mode === "readwrite" && scope.includes("meta") && scope.includes("log")) {
      made.addEventListener("complete", () => { decided = true; });
    }
    return made;
  };
  IDBObjectStore.prototype.add = function (...given) {
    const request = add.apply(this, given);
    if (this.name === "log") request.addEventListener("success", () => started());
    return request;
  };

  return {
    /** Call before an append: milliseconds until its transaction had started. */
    append(): Promise<number> {
      const called = performance.now();
      return new Promise((resolve) => { started = () => resolve(performance.now() - called); });
    },
    over: () => decided,
    /** Runs checkpoints until one is over: another may be under way already. */
    async checkpoint(run: () => Promise<unknown>): Promise<void> {
      while (!decided) {
        await run();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    stop(): void {
      IDBDatabase.prototype.transaction = transaction;
      IDBObjectStore.prototype.add = add;
    },
  };
}
