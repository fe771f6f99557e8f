// How the bridge travels between page and main process: JSON text, so that its size is known before it is read.
// Plain constants: the preload imports them and must not pull in a validator.

/** The page's calls, `{ method, input }`; the answer is a Reply as text. */
export const IPC_CALL_CHANNEL = 'espalier:call'
/** Events for the page, `{ event, payload }`. */
export const IPC_EVENT_CHANNEL = 'espalier:event'
