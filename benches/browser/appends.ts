// Listens to IndexedDB while ours writes: when an append's transaction has started.
//
// A transaction says nothing when it starts. The first request of it that succeeds is a moment later, so the waits are upper
// bounds.

export function appendWatch() {
  const { add } = IDBObjectStore.prototype;
  let started = () => {};
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
    stop(): void {
      IDBObjectStore.prototype.add = add;
    },
  };
}
