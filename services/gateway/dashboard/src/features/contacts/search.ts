/** What the address says about the list. What is missing is not filtered. */
export interface ContactsSearch {
  /** Beginnings of words of a name or username, or a part of a number. */
  q?: string
  optOut?: boolean
  blocked?: true
  label?: string
  /** Id of the contact whose drawer is open. */
  contact?: string
}

/** Reads the search of an address; what it does not know is left out. */
export function readContactsSearch(given: Record<string, unknown>): ContactsSearch {
  const search: ContactsSearch = {}
  if (typeof given.optOut === 'boolean') search.optOut = given.optOut
  if (given.blocked === true) search.blocked = true
  for (const name of ['q', 'label', 'contact'] as const) {
    const value = given[name]
    // A number that was searched for comes out of the address as one.
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') search[name] = String(value)
  }
  return search
}

/** Filters of the API for a search. */
export type ContactFilters = Omit<ContactsSearch, 'contact'>

export const filtersOf = ({ contact: _contact, ...filters }: ContactsSearch): ContactFilters => filters
