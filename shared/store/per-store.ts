/** State of one open store, such as a cache: made at first use and gone with the store. @returns the state of the store given */
export function perStore<T>(create: () => T): (store: object) => T {
  const states = new WeakMap<object, T>()
  return store => {
    const known = states.get(store)
    if (known !== undefined) return known
    const made = create()
    states.set(store, made)
    return made
  }
}
