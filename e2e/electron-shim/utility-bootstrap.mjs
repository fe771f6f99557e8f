// Makes a Node process look like one of Electron's utility processes, then runs the script that it was started for.
import { EventEmitter } from 'node:events'
import { pathToFileURL } from 'node:url'
import { refuseExternalBuffers } from './external-buffers.mjs'
import { pretendElectron } from './pretend.mjs'

const [, , script, ...args] = process.argv
const send = process.send.bind(process)

class ParentPort extends EventEmitter {
  #early = []

  constructor() {
    super()
    process.on('message', (data) => {
      if (this.listenerCount('message') === 0) this.#early.push(data)
      else this.emit('message', { data, ports: [] })
    })
    this.on('newListener', (event) => {
      if (event !== 'message') return
      process.nextTick(() => {
        for (const data of this.#early.splice(0)) this.emit('message', { data, ports: [] })
      })
    })
  }

  postMessage(message) {
    // As Electron does: a structured clone, which throws for what cannot be cloned.
    const copy = structuredClone(message)
    if (process.connected) send(copy)
  }
}

const parentPort = new ParentPort()
// Electron ends its utility processes when the main process has gone.
process.on('disconnect', () => process.exit(0))

// Neither of these exists in a utility process: whoever relies on them must fail here, too.
process.send = undefined
for (const name of ['on', 'once', 'addListener']) {
  const listen = process[name]
  process[name] = function addListener(event, listener) {
    return event === 'message' || event === 'disconnect' ? this : listen.call(this, event, listener)
  }
}

pretendElectron('utility')
process.parentPort = parentPort
process.argv = [process.execPath, script, ...args]
refuseExternalBuffers()
await import(pathToFileURL(script).href)
