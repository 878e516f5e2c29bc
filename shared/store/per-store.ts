/** Holds state for each open store, such as a cache, created at first use. @returns a function that gives the state of a store */
export function perStore<T>(create: () => T): (store: object) => T {
  const states = new WeakMap<object, T>()
  return store => {
    const known = states.get(store)
    if (known !== undefined) return known
    const state = create()
    states.set(store, state)
    return state
  }
}
