/** Names of the unary protocols: class and method, without a leading slash. */
export const RPC_PING = 'DHTProtocol.rpc_ping'
export const RPC_STORE = 'DHTProtocol.rpc_store'
export const RPC_FIND = 'DHTProtocol.rpc_find'
export const RPC_INFO = 'TransformerConnectionHandler.rpc_info'
/** Of Petals' servers: whether a peer can be reached. */
export const RPC_CHECK = 'ReachabilityProtocol.rpc_check'
