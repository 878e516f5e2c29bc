import { FILES } from '../session/session.ts'

/** Files of the outbox, by the key of their entry: local storage holds texts only. What cannot be kept lives as long as the page. */
const STORE = 'files'

let opening: Promise<IDBDatabase> | null = null

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(FILES, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => {
      // The sign-out deletes it, in whatever tab.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
  return opening
}

async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  try {
    const transaction = (await open()).transaction(STORE, mode)
    const request = work(transaction.objectStore(STORE))
    return await new Promise<T>((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  } catch {
    // Private windows and full disks keep nothing.
    return null
  }
}

export const keepFile = async (key: string, content: Blob): Promise<void> =>
  void (await run('readwrite', s => s.put(content, key)))

export const readFile = async (key: string): Promise<Blob | null> =>
  (await run<Blob | undefined>('readonly', store => store.get(key) as IDBRequest<Blob | undefined>)) ?? null

export const dropFile = async (key: string): Promise<void> => void (await run('readwrite', store => store.delete(key)))
