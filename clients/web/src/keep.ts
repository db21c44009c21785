// Owns what the page keeps in this browser: the device's token, in IndexedDB.

const NAME = "claudette";
const STORE = "kept";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) {
  const database = await opened();
  return new Promise<T>((resolve, reject) => {
    const request = work(database.transaction(STORE, mode).objectStore(STORE));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }).finally(() => database.close());
}

export interface Kept {
  token: string;
  name: string;
  right: string;
}

export async function load(): Promise<Kept | undefined> {
  return run("readonly", (store) => store.get("device") as IDBRequest<Kept | undefined>);
}

export async function keep(device: Kept): Promise<void> {
  await run("readwrite", (store) => store.put(device, "device"));
}

export async function forget(): Promise<void> {
  await run("readwrite", (store) => store.delete("device"));
}
