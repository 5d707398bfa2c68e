/**
 * The smallest store that views can watch: a value, a way to replace it, and a hook. State flows one
 * way: only the module that owns a store replaces its value, views read it.
 */

import { useEffect, useState } from "preact/hooks";

export interface Store<Value> {
  get(): Value;
  set(value: Value): void;
  watch(callback: (value: Value) => void): () => void;
}

export function createStore<Value>(initial: Value): Store<Value> {
  let current = initial;
  const watchers = new Set<(value: Value) => void>();
  return {
    get: () => current,
    set(value) {
      current = value;
      for (const callback of [...watchers]) callback(value);
    },
    watch(callback) {
      watchers.add(callback);
      return () => watchers.delete(callback);
    },
  };
}

export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    setValue(() => store.get()); // it may have changed between the first render and now
    return store.watch((next) => setValue(() => next));
  }, [store]);
  return value;
}
