// The renderer's half of the shim, as source text: two scripts that run in a page before anything of the page does.
// One runs in the page's own world, one in an isolated world with the preload. The two worlds share no objects, only
// the document, so functions are called across by events with a name that the page cannot know.

/** In the page's world: builds what the preload exposes, out of descriptions. */
export function pageWorldSource(secret) {
  return `(${pageWorld})(${JSON.stringify(secret)})`
}

/** In the isolated world: runs the preload with Electron's sandboxed modules. */
export function preloadWorldSource(secret, binding, preload) {
  return `(${preloadWorld})(${JSON.stringify(secret)}, ${JSON.stringify(binding)}, function (require, module, exports, process) {
${preload}
})`
}

/* The functions below are sent as text: they may use nothing from this file. */

function pageWorld(secret) {
  if (window !== window.top) return
  // Taken before the page can replace them.
  const { stringify, parse } = JSON
  const Event = CustomEvent
  const dispatch = document.dispatchEvent.bind(document)
  const pending = new Map()
  const functions = new Map()
  let nextId = 1

  const ask = (message) => {
    const event = new Event(`${secret}:preload`, { detail: stringify(message) })
    let reply = { error: 'the preload is not there' }
    const onReply = ({ detail }) => {
      reply = parse(detail)
    }
    document.addEventListener(`${secret}:reply`, onReply, { once: true })
    dispatch(event)
    document.removeEventListener(`${secret}:reply`, onReply)
    if ('error' in reply) throw new Error(reply.error)
    return revive(reply.value)
  }
  const revive = ({ kind, value }) => {
    if (kind === 'plain') return value
    if (kind === 'function') return (...args) => ask({ call: value, args: args.map(described) })
    if (kind === 'promise') return new Promise((resolve, reject) => pending.set(value, { resolve, reject }))
    if (kind === 'array') return Object.freeze(value.map(revive))
    if (kind === 'object') {
      return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revive(item)])))
    }
    return undefined
  }
  const described = (value) => {
    if (typeof value === 'function') {
      const id = nextId++
      functions.set(id, value)
      return { kind: 'function', value: id }
    }
    if (value === undefined) return { kind: 'undefined' }
    // Throws for what cannot be cloned, as Electron's bridge does.
    return { kind: 'plain', value: structuredClone(value) }
  }

  document.addEventListener(`${secret}:page`, (event) => {
    event.stopImmediatePropagation()
    const message = parse(event.detail)
    if (message.expose) {
      Object.defineProperty(window, message.expose, { value: revive(message.api), enumerable: true })
    } else if (message.settle) {
      const { resolve, reject } = pending.get(message.settle) ?? {}
      pending.delete(message.settle)
      if ('error' in message) reject?.(new Error(message.error))
      else resolve?.(revive(message.value))
    } else {
      functions.get(message.call)?.(...message.args.map(revive))
    }
  })
}

function preloadWorld(secret, binding, preload) {
  if (window !== window.top) return
  const send = globalThis[binding]
  const functions = new Map()
  const listeners = new Map()
  const pending = new Map()
  let nextId = 1

  const tell = (message) =>
    document.dispatchEvent(new CustomEvent(`${secret}:page`, { detail: JSON.stringify(message) }))
  const described = (value) => {
    if (value === undefined) return { kind: 'undefined' }
    if (typeof value === 'function') {
      const id = nextId++
      functions.set(id, value)
      return { kind: 'function', value: id }
    }
    if (typeof value?.then === 'function') {
      const id = nextId++
      value.then(
        (result) => tell({ settle: id, value: described(result) }),
        (error) => tell({ settle: id, error: String(error?.message ?? error) }),
      )
      return { kind: 'promise', value: id }
    }
    if (Array.isArray(value)) return { kind: 'array', value: value.map(described) }
    if (typeof value === 'object' && value !== null) {
      if (Object.getPrototypeOf(value) !== Object.prototype) throw new Error('An object could not be cloned.')
      return { kind: 'object', value: Object.fromEntries(Object.entries(value).map(([k, v]) => [k, described(v)])) }
    }
    return { kind: 'plain', value }
  }
  const revive = ({ kind, value }) => {
    if (kind === 'function') return (...args) => void tell({ call: value, args: args.map(described) })
    return kind === 'plain' ? value : undefined
  }
  document.addEventListener(`${secret}:preload`, (event) => {
    event.stopImmediatePropagation()
    let reply
    try {
      const { call, args } = JSON.parse(event.detail)
      reply = { value: described(functions.get(call)(...args.map(revive))) }
    } catch (error) {
      reply = { error: String(error?.message ?? error) }
    }
    document.dispatchEvent(new CustomEvent(`${secret}:reply`, { detail: JSON.stringify(reply) }))
  })

  const electron = {
    contextBridge: {
      exposeInMainWorld: (name, api) => void tell({ expose: name, api: described(api) }),
    },
    ipcRenderer: {
      invoke(channel, ...args) {
        const copy = structuredClone(args)
        const id = nextId++
        send(JSON.stringify({ id, channel, args: copy, url: location.href }))
        return new Promise((resolve, reject) => pending.set(id, { resolve, reject }))
      },
      on(channel, listener) {
        if (!listeners.has(channel)) listeners.set(channel, new Set())
        listeners.get(channel).add(listener)
        return this
      },
      removeListener(channel, listener) {
        listeners.get(channel)?.delete(listener)
        return this
      },
    },
  }
  /** What the main process calls, in this world only. */
  globalThis.electronShim = {
    settle(id, ok, value) {
      const { resolve, reject } = pending.get(id) ?? {}
      pending.delete(id)
      if (ok) resolve?.(value)
      else reject?.(new Error(value))
    },
    deliver(channel, args) {
      for (const listener of [...(listeners.get(channel) ?? [])]) listener({ sender: electron.ipcRenderer }, ...args)
    },
  }
  const require = (name) => {
    if (name === 'electron') return electron
    throw new Error(`module not found: ${name} (a sandboxed preload gets 'electron' and little else)`)
  }
  const module = { exports: {} }
  preload(require, module, module.exports, { type: 'renderer', sandboxed: true, contextIsolated: true })
}
