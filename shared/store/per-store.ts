/** Holds state for each open store, such as a cache, created at first use. @returns a function that gives the state of a store */
export function perStore<T, S extends object = object>(create: (store: S) => T): (store: S) => T {
  const states = new WeakMap<S, T>()
  return store => {
    const known = states.get(store)
    if (known !== undefined) return known
    const made = create(store)
    states.set(store, made)
    return made
  }
}
