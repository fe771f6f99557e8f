// Runs in the page's process, before the page, in a world of its own. The page gets the two functions below and
// nothing else: no channel names, no event objects, nothing of Electron.
// biome-ignore lint/style/noRestrictedImports: a preload has no other way to reach the main process
import { contextBridge, type IpcRendererEvent, ipcRenderer } from 'electron'
import type { Transport } from '../src-renderer/bridge/transport'
import {
  EVENT_NAMES,
  type EventName,
  MAX_MESSAGE_BYTES,
  METHOD_NAMES,
  type MethodName,
} from '../src-shared/contract-names'
import { IPC_CALL_CHANNEL, IPC_EVENT_CHANNEL } from '../src-shared/ipc-envelope'

const transport: Transport = {
  kind: 'ipc',
  async call(method: MethodName, input: unknown) {
    if (!METHOD_NAMES.includes(method)) throw new TypeError('no such call')
    const message = JSON.stringify({ method, input })
    // The main process counts what comes near the limit; only what no page of ours would say stops here.
    if (message.length > 4 * MAX_MESSAGE_BYTES) throw new RangeError('the call is too long')
    return JSON.parse(await ipcRenderer.invoke(IPC_CALL_CHANNEL, message))
  },
  subscribe(listener) {
    const onMessage = (_event: IpcRendererEvent, text: string) => {
      const { event, payload } = JSON.parse(text) as { event: EventName; payload: unknown }
      if (EVENT_NAMES.includes(event)) listener(event, payload)
    }
    ipcRenderer.on(IPC_EVENT_CHANNEL, onMessage)
    return () => void ipcRenderer.removeListener(IPC_EVENT_CHANNEL, onMessage)
  },
}

contextBridge.exposeInMainWorld('espalier', transport)
