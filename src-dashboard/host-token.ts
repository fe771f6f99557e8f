const KEY = 'espalier.host-token'

/** The admin token, for as long as this tab lives. Never in an address, never in localStorage. */
export interface HostToken {
  get(): string | null
  set(token: string | null): void
}

export function openHostToken(storage: Storage): HostToken {
  return {
    get: () => storage.getItem(KEY),
    set(token) {
      if (token === null) storage.removeItem(KEY)
      else storage.setItem(KEY, token)
    },
  }
}
