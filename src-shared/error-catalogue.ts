/** Words for people, one place. `cause` says what happened; `action` says what to do about it. */
export const ERROR_CATALOGUE = {
  // Everywhere
  INTERNAL: {
    cause: 'Something unexpected failed',
    action: 'Look at the log; if it happens again, report it with the log.',
  },
  CANCELLED: { cause: 'The work was cancelled', action: 'Start it again when you want it.' },
  TIMED_OUT: {
    cause: 'No answer came in time',
    action: 'Check the connection; the app tries again by itself where it can.',
  },
  BAD_ARGUMENT: { cause: 'A value was not understood', action: 'Correct the value and try again.' },
  DATA_DIR_UNUSABLE: {
    cause: 'The data directory cannot be used',
    action: 'Choose another with --data-dir, or make this one writable.',
  },
  DATA_DIR_OPEN: {
    cause: 'Other users of this computer can look into the data directory',
    action: 'Choose a folder of its own with --data-dir, or take their rights to it (chmod 700).',
  },
  IDENTITY_UNREADABLE: {
    cause: 'The identity file cannot be read',
    action:
      'Bring back the kept copy, or import a backup. It is never replaced by itself: the node would become someone else.',
  },
  IDENTITY_MISSING: {
    cause: 'The identity of this node is gone, although there was one',
    action: 'Bring back the kept copy, import a backup, or begin with a new identity; nothing is chosen by itself.',
  },
  IDENTITY_NONE: {
    cause: 'There is no identity yet',
    action: 'It is made when the node starts for the first time.',
  },
  IDENTITY_BACKUP_INVALID: {
    cause: 'The file is no backup of an identity',
    action: 'Choose the file that “Export” has made. Nothing was changed.',
  },
  IDENTITY_BACKUP_LOCKED: {
    cause: 'The passphrase does not open this backup',
    action: 'Type the passphrase of this file. Nothing was changed.',
  },
  IDENTITY_EXPOSED: {
    cause: 'Other users of this computer can read the identity file',
    action: 'Take the right to read it from everybody but its owner (chmod 600).',
  },

  STATE_FROM_NEWER: {
    cause: 'A newer version of the app has written the data directory',
    action: 'Install that version again. Nothing was changed; a backup of the small files was made.',
  },
  DATA_DIR_IN_USE: {
    cause: 'Another Espalier is running with this data directory',
    action: 'Use the one that runs, or stop it first.',
  },
  NODE_ALREADY_RUNNING: {
    cause: 'A node of yours is running on this computer',
    action:
      'Use that one: a second would do the network no good. For a trial use the demo network; where there shall be several, start each with --fleet.',
  },
  RUNNING_FILE_INVALID: {
    cause: 'The file that names the running node is damaged',
    action: 'Stop the node and start it again; it writes the file anew.',
  },
  IDENTITY_BEING_CHECKED: {
    cause: 'Another copy of this node may be running elsewhere',
    action: 'Nothing to do: the node listens for two announce intervals before it says anything.',
  },
  IDENTITY_IN_USE: {
    cause: 'Another copy of this node is running with the same identity',
    action: 'Stop one of the two. Give this one an identity of its own by using another data directory.',
  },
  NODE_MUST_STOP: {
    cause: 'The node is running',
    action: 'Stop the node first: it would go on with what it was started with.',
  },
  FILE_IN_THE_WAY: { cause: 'There is a file of that name already', action: 'Choose another name.' },
  FILE_NOT_CHOSEN: {
    cause: 'Nobody has chosen this file in the system’s dialog',
    action: 'Press “Choose…” and name it there: a page alone may not.',
  },
  DISK_NO_ROOM: { cause: 'There is no room on the disk', action: 'Free disk space, then do it again.' },
  FILE_NOT_WRITTEN: { cause: 'The file could not be written', action: 'Choose a folder that you may write to.' },
  NODE_NOT_ANSWERING: {
    cause: 'The node with this data directory runs and does not answer',
    action:
      'Ask again in a minute: the computer may be busy, or the process paused. If it stays so, end that process and start the node again.',
  },
  NODE_NOT_RUNNING: { cause: 'No node is running with this data directory', action: 'Start one with: espalier serve' },
  NODE_STOPPED: { cause: 'The node is stopped', action: 'Start the node first.' },
  NODE_NOT_READY: {
    cause: 'This node is not ready to ask yet',
    action: 'Wait until its own blocks are loaded; the steps of the node show how far it is.',
  },
  TOKENIZER_UNUSABLE: {
    cause: 'This node serves its blocks and cannot ask, because the model’s tokenizer was not loaded',
    action: 'Put right what the cause names, then stop the node and start it again.',
  },
  NETWORK_NOT_CHOSEN: {
    cause: 'This computer is not part of a network yet',
    action: 'Choose a network to begin.',
  },
  MORE_THAN_THERE_IS: {
    cause: 'This computer has less than that',
    action: 'Choose less.',
  },
  SETTINGS_CHANGED: {
    cause: 'Somebody else has saved another value meanwhile',
    action: 'Nothing was saved. Look at what stands there now, and choose.',
  },
  SETTINGS_NOT_SAVED: {
    cause: 'The settings could not be written to disk',
    action: 'Free disk space, or make the data directory writable.',
  },
  HOST_NOT_RUNNING: { cause: 'No network is hosted here', action: 'Start hosting first.' },
  HOST_RUNNING: { cause: 'A network is hosted here already', action: 'Stop it before you host another.' },
  HOST_FAILED: {
    cause: 'The network could not be hosted',
    action: 'The message says why; mend that and start again.',
  },
  DISK_ALMOST_FULL: {
    cause: 'There is little room left on the disk',
    action: 'Free disk space for the model’s blocks.',
  },
  CLOCK_WRONG: {
    cause: 'This computer’s clock and the network’s differ',
    action: 'Let the system set its clock by itself; records with a wrong time are not believed.',
  },
  OTHER_NODE_SOFTWARE: {
    cause: 'Other node software runs on this computer',
    action: 'Both may run; they share memory and processor. This app ends nothing that it did not start.',
  },
  START_ENTRY_FOUND: {
    cause: 'The system starts node software by itself',
    action: 'Leave it, or remove it with the command; the app never does.',
  },
  RUNNING_ON_PROCESSOR: {
    cause: 'The processor computes although a graphics card was expected',
    action: 'Look at the card’s driver and its free memory, then start the node again.',
  },
  UPDATE_AVAILABLE: {
    cause: 'A newer version is there',
    action: 'Install it when it suits you; the node takes leave of its network first.',
  },
  UPDATE_REFUSED: {
    cause: 'An update could not be verified and was refused',
    action: 'Nothing was installed. Get the app from its own page, and tell its makers if this happens again.',
  },
  UPDATE_UNKNOWN: {
    cause: 'Whether there is a newer version could not be found out',
    action: 'The app looks again by itself; nothing depends on it.',
  },
  APP_CRASH_LOOP: {
    cause: 'Espalier ended by itself several times in a row',
    action: 'Look at the log under Diagnostics, then start the node normally.',
  },
  PAGE_CRASH_LOOP: {
    cause: 'The page of this window ended several times within a minute',
    action: 'Load it again; if it ends again, quit and start Espalier anew. The node runs on meanwhile.',
  },
  DEMO_FAILED: {
    cause: 'The demonstration did not get to its end',
    action: 'The message names the step; look at its cause.',
  },

  // GGUF files, slices and manifests
  GGUF_TRUNCATED: { cause: 'The model file ends too early', action: 'Fetch the file again.' },
  GGUF_INVALID: { cause: 'The model file is not a valid GGUF', action: 'Choose another file, or fetch it again.' },
  MODEL_NOT_A_FILE: { cause: 'The model is a folder, or no ordinary file', action: 'Choose the GGUF file itself.' },
  MODEL_SPLIT_TOO_FINE: {
    cause: 'The model lies in more files than are read as one',
    action: 'Join them with “llama-gguf-split --merge”, and choose the file that it makes.',
  },
  ARCH_UNSUPPORTED: {
    cause: 'This model architecture cannot be split into blocks here',
    action: 'Choose a model of a supported architecture; the list is in the documentation.',
  },
  CUT_UNSUPPORTED: {
    cause: 'This model cannot be cut between these blocks',
    action: 'Choose a range that starts and ends on the model’s own period.',
  },
  BLOCK_RANGE_INVALID: {
    cause: 'The block range is empty or outside the model',
    action: 'Choose blocks that the model has; where the coordinator gave them, tell the host of the network.',
  },
  MANIFEST_INVALID: {
    cause: 'The manifest is not valid',
    action: 'The host of the network makes a new one with “espalier manifest”.',
  },
  MANIFEST_MISSING: {
    cause: 'There is no manifest for this model',
    action: 'Ask the host of the network to add one; without it the file cannot be verified.',
  },
  MANIFEST_MISMATCH: {
    cause: 'The file is not the model of the manifest',
    action: 'Choose the file that the manifest describes.',
  },
  SHARD_MISSING: { cause: 'The model file was not found', action: 'Choose the model file, or let the app fetch it.' },
  SHARD_HASH_MISMATCH: {
    cause: 'The bytes on disk are not the ones in the manifest',
    action: 'Fetch the damaged pieces again.',
  },
  SHARD_CHANGED: {
    cause: 'A model file was changed while it was served',
    action: 'It is verified and loaded again by itself. Find out what writes into the data directory.',
  },
  SHARD_READ_FAILED: {
    cause: 'The model file cannot be read',
    action: 'Check the disk, or choose another copy of the file.',
  },
  SHARD_WRITE_FAILED: {
    cause: 'The model files cannot be written to disk',
    action: 'Free disk space, or choose another data directory.',
  },

  // Commands about shards
  COMMAND_FORGED: {
    cause: 'A command was not signed by the peer that sent it',
    action: 'Nothing to do; it is ignored and counted.',
  },
  COMMAND_REPLAYED: {
    cause: 'A command came a second time, or too long after it was made',
    action: 'Nothing to do where it was replayed; otherwise set the clocks of both computers.',
  },
  COMMAND_NOT_ALLOWED: {
    cause: 'A peer that may not give this command gave it',
    action: 'Nothing to do; only the coordinator’s peers and the owner may.',
  },
  CALL_TOO_MANY: {
    cause: 'A peer calls more often than this node answers',
    action: 'Nothing to do: other peers are answered as before.',
  },
  COMMAND_TOO_MANY: { cause: 'A peer sends commands too quickly', action: 'It may try again in a second.' },
  MODEL_NOT_SERVED: {
    cause: 'The command is about another model than the one served here',
    action: 'Ask the host of the network which model it hosts.',
  },
  SHARD_NOT_ASSIGNED: {
    cause: 'The command is about blocks that are not assigned to this node',
    action: 'Nothing to do where the blocks were assigned just now: the node asks the coordinator, and is told again.',
  },
  SHARD_NOT_LOADED: {
    cause: 'The blocks are not loaded here now',
    action: 'Wait until they are, or use another peer.',
  },
  SWARM_INCOMPLETE: {
    cause: 'Some shards of the model are not served by anybody',
    action: 'Start the nodes that have them.',
  },

  // Fetching
  DISK_FULL: {
    cause: 'There is no room on the disk for the model’s blocks',
    action: 'Free disk space; fetching goes on by itself as soon as there is room.',
  },
  DISK_CAP_REACHED: {
    cause: 'The model files would take more disk space than you allowed',
    action: 'Raise the limit, or remove models that are not in use.',
  },
  FETCH_NO_SOURCE: {
    cause: 'Nobody has the missing pieces',
    action: 'Choose the model file if you have it, or wait until a node that has the pieces joins.',
  },
  FETCH_SOURCES_FAILED: {
    cause: 'No source could give the missing pieces',
    action: 'Look at what each source says; choose the model file if you have it, or ask the host of the network.',
  },
  FETCH_STALLED: {
    cause: 'No piece has arrived for three minutes',
    action: 'Check the connection; every source is asked again by itself. You can also choose a file.',
  },
  FETCH_PAUSED: {
    cause: 'Fetching is paused by you',
    action: 'Choose “Resume” on the Shards page. What was fetched is kept.',
  },
  LOAD_AWAITED: {
    cause: 'The shard is missing here, and this node waits for the coordinator’s LOAD_SHARD command',
    action: 'Choose the model file, or “Download” on the Shards page, to wait no longer.',
  },
  FETCH_PIECES_REJECTED: {
    cause: 'What arrived was not what the manifest describes',
    action: 'Use another source, or ask the host of the network whether the manifest is the right one.',
  },
  SOURCE_BUSY: { cause: 'A source hands out as much as it may', action: 'The app asks again by itself.' },
  MIRROR_UNREACHABLE: {
    cause: 'A web address of the model can’t be reached',
    action: 'Check this computer’s connection and its firewall; other sources are used meanwhile.',
  },
  SOURCE_REFUSED: {
    cause: 'A source of the model does not hand it out',
    action: 'Use another source, or check the address.',
  },
  SOURCE_GATED: {
    cause: 'This model needs permission from its publisher',
    action: 'Accept its licence on its page, then enter your Hugging Face token in Settings.',
  },
  SOURCE_IGNORES_RANGES: {
    cause: 'The server can only send the whole file, not the pieces of it that are needed',
    action: 'Use another source; nothing was downloaded from this one.',
  },
  SOURCE_CHANGED: {
    cause: 'The source has another file than the manifest describes',
    action: 'Use another source, or ask the host of the network for a new manifest.',
  },
  SOURCE_FORBIDDEN: {
    cause: 'The address of a source leads to a place that is not asked from here',
    action: 'Use an address on the public internet, or add the file by hand.',
  },

  // Engine
  ENGINE_LIBRARY_MISSING: {
    cause: 'llama.cpp’s libraries are missing for this system',
    action: 'Install the app again.',
  },
  ENGINE_ABI_MISMATCH: {
    cause: 'llama.cpp’s libraries are of another version than this app was built for',
    action: 'Install the app again; do not replace its libraries.',
  },
  PACK_TAMPERED: {
    cause: 'The downloaded libraries are not the ones that this app knows',
    action: 'Fetch them again; if it happens again, something between here and their source changes them.',
  },
  ENGINE_LOAD_FAILED: {
    cause: 'llama.cpp could not load the slice',
    action: 'Look at the engine log; fetch the slice again.',
  },
  ENGINE_OUT_OF_MEMORY: {
    cause: 'There is not enough memory for these blocks',
    action: 'Serve fewer blocks or free memory.',
  },
  ENGINE_DECODE_FAILED: { cause: 'llama.cpp refused a batch', action: 'The session ends; try again.' },
  ENGINE_GONE: { cause: 'The engine process ended', action: 'The app starts it again by itself.' },
  ENGINE_CRASH_LOOP: {
    cause: 'The engine ended more than 4 times within a minute',
    action: 'Look at the log for what it said last, then press Load now.',
  },
  PROBE_FAILED: {
    cause: 'The test pass did not give the manifest’s answer',
    action: 'Check the device’s driver and memory; the app loads the slice again.',
  },

  // Coordinator
  PROXY_FAILED: {
    cause: 'The proxy did not lead there',
    action: 'Check it under Settings → Web access, or the variables HTTPS_PROXY and NO_PROXY.',
  },
  CA_UNUSABLE: {
    cause: 'The file of certificates cannot be used',
    action: 'Choose a PEM file with the certificate of your organisation’s authority.',
  },
  COORDINATOR_UNREACHABLE: {
    cause: 'The coordinator does not answer',
    action: 'Check the address and your connection.',
  },
  COORDINATOR_SILENT: {
    cause: 'The coordinator sends no LOAD_SHARD command',
    action: 'Choose a model file here, or ask the host whether the coordinator’s bootstrap peer runs.',
  },
  COORDINATOR_NOT_ONE: {
    cause: 'The address answers, but not as a coordinator',
    action: 'Check the address; a web page or a proxy may be in between.',
  },
  NO_COORDINATOR: { cause: 'This node has no coordinator', action: 'Join a network that has one.' },
  COORDINATOR_REFUSED: {
    cause: 'The coordinator refused the request',
    action: 'Read its reason; ask the host of the network.',
  },
  COORDINATOR_UNKNOWN_WORKER: {
    cause: 'The coordinator does not know this node',
    action: 'The app registers again by itself.',
  },
  COORDINATOR_INSECURE: {
    cause: 'The address would send this node’s details unencrypted over the network',
    action: 'Use an https:// address, or say outright that it may be unencrypted (in a terminal: --insecure-http).',
  },
  COORDINATOR_PRIVATE: {
    cause: 'The address leads where no coordinator of others can be',
    action: 'Ask the host for the right address; one in your own network must be given as an IP address.',
  },
  COORDINATOR_ADMIN_ONLY: {
    cause: 'Only the host of the network may do that',
    action: 'Send the coordinator’s admin token.',
  },
  COORDINATOR_BUSY: { cause: 'The coordinator takes no more requests now', action: 'Try again in a moment.' },
  COORDINATOR_DATABASE_UNREACHABLE: {
    cause: 'The coordinator’s database server does not answer',
    action: 'Check DATABASE_URL and that the server runs; the coordinator starts when it is there.',
  },
  COORDINATOR_TIMINGS_INVALID: {
    cause: 'The coordinator’s intervals do not fit together',
    action: 'Choose heartbeat < offline time, sweep ≤ offline time, and stale peers ≥ offline time.',
  },
  COORDINATOR_UNKNOWN_USER: {
    cause: 'The coordinator does not know this user',
    action: 'Register the user first.',
  },
  COORDINATOR_STATE_NEWER: {
    cause: 'A newer version has written the coordinator’s database',
    action: 'Run that version again; this one does not touch the database.',
  },
  COORDINATOR_DISK_FULL: {
    cause: 'There is no room on the disk of the coordinator',
    action: 'Its host frees disk space; nothing that was confirmed is lost.',
  },
  COORDINATOR_STATE_DAMAGED: {
    cause: 'The coordinator’s database is damaged',
    action: 'There is no copy that can be used: restore it from a backup, or move it aside.',
  },
  LOAD_NOT_SENT: {
    cause: 'LOAD_SHARD cannot be sent to this worker',
    action: 'Approve it, so that it has blocks; one with other software loads them without a command.',
  },
  WORKER_ID_TAKEN: {
    cause: 'This worker id belongs to another node',
    action: 'Start the node with its own identity, or ask the host to remove the old entry.',
  },
  REGISTRATION_REJECTED: {
    cause: 'The host rejected this node',
    action: 'Settle it with the host of the network, then apply again.',
  },
  NETWORK_REPLACED: {
    cause: 'The coordinator at this address leads another network now than the one this node was in',
    action: 'Ask its host. If that is right, apply again; otherwise choose another network.',
  },
  DEMO_CONFINED: {
    cause: 'A demo node cannot leave this computer or join a real network',
    action: 'Start a node with another profile for a real network.',
  },

  // Membership: signed requests, invites, capability tokens. On wires a token's code is lower case (`token_expired`).
  REQUEST_UNSIGNED: {
    cause: 'This request has to be signed',
    action: 'Update the app; a program that cannot sign needs the host’s permission.',
  },
  REQUEST_SIGNATURE_INVALID: {
    cause: 'The request’s signature does not fit',
    action: 'Sign it with the key of the node that it speaks for.',
  },
  REQUEST_TIME_WRONG: {
    cause: 'The request’s time is not now',
    action: 'Let the system set the clock by itself, then try again.',
  },
  REQUEST_REPLAYED: { cause: 'The same signed request came before', action: 'Sign it again with a new nonce.' },
  INVITE_INVALID: { cause: 'The invite is not valid', action: 'Ask the host for a new invite.' },
  INVITE_EXPIRED: { cause: 'The invite has expired', action: 'Ask the host for a new invite.' },
  INVITE_REVOKED: { cause: 'The host has taken the invite back', action: 'Ask the host for a new invite.' },
  INVITE_USED: { cause: 'The invite was used by another node', action: 'Ask the host for a new invite.' },
  INVITE_UNKNOWN: { cause: 'There is no such invite', action: 'Look at the list of invites.' },
  TLS_UNUSABLE: {
    cause: 'The TLS certificate or its key cannot be used',
    action: 'Give the PEM files of a certificate and of the key that belongs to it.',
  },
  TOKEN_UNKNOWN: { cause: 'There is no such capability token', action: 'Look at the list of tokens.' },
  TOKEN_MISSING: {
    cause: 'Capability token is required',
    action: 'Join the network first; its host approves nodes.',
  },
  TOKEN_MALFORMED: { cause: 'Capability token is not readable', action: 'Get a new one from the coordinator.' },
  TOKEN_ALGORITHM_REFUSED: {
    cause: 'Capability token uses another algorithm than EdDSA',
    action: 'Get a new one from the coordinator.',
  },
  TOKEN_ISSUER_UNKNOWN: {
    cause: 'Capability token comes from an unknown issuer',
    action: 'Get a new one from this network’s coordinator.',
  },
  TOKEN_SIGNATURE_INVALID: {
    cause: 'Capability token has an invalid signature',
    action: 'Get a new one from the coordinator.',
  },
  TOKEN_NOT_YET_VALID: {
    cause: 'Capability token is not valid yet',
    action: 'Let the system set the clock by itself, then try again.',
  },
  TOKEN_EXPIRED: {
    cause: 'Capability token has expired',
    action: 'The app gets a new one with its next report to the coordinator.',
  },
  TOKEN_WRONG_AUDIENCE: {
    cause: 'Capability token is for another network',
    action: 'Get one from this network’s coordinator.',
  },
  TOKEN_WRONG_SUBJECT: {
    cause: 'Capability token belongs to another node',
    action: 'Use the token of the node that asks.',
  },
  TOKEN_SCOPE_MISSING: { cause: 'Capability token allows nothing', action: 'Ask the host of the network.' },
  TOKEN_SCOPE_INSUFFICIENT: {
    cause: 'Capability token does not allow this',
    action: 'Ask the host of the network for the model or the blocks.',
  },
  TOKEN_REVOKED: { cause: 'Capability token was revoked', action: 'Ask the host of the network.' },
  TOKEN_USED_UP: { cause: 'Capability token has no uses left', action: 'Ask the host of the network for another.' },
  TOKEN_NOT_BOUND: {
    cause: 'The session is not signed by the node that the capability token belongs to',
    action: 'Update the node that asks, then ask again.',
  },

  // Network
  MULTIADDR_INVALID: {
    cause: 'An address is not a valid multiaddr',
    action: 'Correct or remove the entry; the others still count.',
  },
  BOOTSTRAP_UNREACHABLE: {
    cause: 'No bootstrap peer answered',
    action: 'Check your connection and the addresses; a running node keeps trying.',
  },
  PORT_TAKEN: { cause: 'The port cannot be used', action: 'Choose another one between 1024 and 65535.' },
  PEER_UNREACHABLE: { cause: 'The peer cannot be reached', action: 'The app tries another peer where there is one.' },
  PROTOCOL_VIOLATION: {
    cause: 'The peer sent something that the protocol does not allow',
    action: 'Nothing to do; the peer is ignored.',
  },
  PROTOCOL_UNSUPPORTED: {
    cause: 'The peer does not speak this protocol',
    action: 'Use another peer, or the network profile that this peer belongs to.',
  },
  REMOTE_ERROR: { cause: 'The peer answered with an error', action: 'The app tries again or uses another peer.' },

  // Announcing and being seen
  RECORD_INVALID: {
    cause: 'A record would break other readers',
    action: 'Correct the setting that the message names.',
  },
  STALE_AFTER_SLEEP: {
    cause: 'The computer slept, its network changed or its clock was set, so what was seen before may no longer be so',
    action: 'Nothing to do: the node tests itself, announces itself again and has others look.',
  },
  NOT_STORED: { cause: 'Nobody kept our records', action: 'The app stores them again in the next round.' },
  NOT_READ_BACK: { cause: 'Our records could not be read back from another peer', action: 'The app announces again.' },
  NOT_DIALLED_BACK: {
    cause: 'Other peers cannot open a connection to this node',
    action: 'Open the port in the firewall or router. Until then the app asks the network’s relays.',
  },
  SEEN_DIFFERENTLY: {
    cause: 'Others see this node differently from what it serves',
    action: 'The app announces again; a map follows with its next look.',
  },
  ALONE: {
    cause: 'No other node has joined this network yet, so nobody can confirm that this one is visible',
    action: 'Start a second node or invite somebody; it becomes visible as soon as others have seen it.',
  },
  NO_WITNESS: { cause: 'No other peer was there to confirm', action: 'Wait for peers to join; the app asks again.' },

  // Generation
  CHAIN_INCOMPLETE: {
    cause: 'Some blocks of the model are served by nobody',
    action: 'Wait for a node that serves them.',
  },
  NODES_BUSY: {
    cause: 'Every node that serves some of the blocks is busy with other conversations',
    action: 'Try again in a moment.',
  },
  PROMPT_TOO_LONG: { cause: 'The prompt does not fit into the context', action: 'Shorten the prompt.' },
  STAGE_LOST: {
    cause: 'A node of the route went away',
    action: 'Ask again; another route is chosen where there is one.',
  },
  STAGE_NOT_APPROVED: {
    cause: 'A node has not shown that the host of this network gave it these blocks',
    action: 'Wait for a node that the host has approved; nothing was sent to this one.',
  },
  SPOT_CHECK_DISAGREED: {
    cause: 'A replica of the same blocks computed something else',
    action: 'Load the blocks again so that they are proven; look whether memory or graphics card is faulty.',
  },
  SESSION_LIMIT: { cause: 'The node serves as many sessions as it can', action: 'Try again in a moment.' },
  SESSION_REPLAYED: {
    cause: 'A session with this signature was opened here before',
    action: 'Start the generation again.',
  },
  SESSION_UNKNOWN: { cause: 'The node does not know this session', action: 'Start the generation again.' },

  // The API for programs
  API_KEY_WRONG: { cause: 'The API key is missing or wrong', action: 'Use the key that the app shows under Settings.' },
  API_KEYS_TRIED: {
    cause: 'Too many wrong API keys came from this address',
    action: 'Use the key that the app shows under Settings; it is always let in.',
  },
  API_WEB_PAGE: {
    cause: 'A web page asked, and the API answers programs only',
    action: 'Ask from a program, with the key that the app shows under Settings.',
  },
  API_HOST_UNKNOWN: {
    cause: 'The request is addressed to a name that is not this computer’s',
    action: 'Use the address that the app shows under Settings.',
  },
  API_MODEL_UNKNOWN: { cause: 'This network does not run that model', action: 'Ask /v1/models which one it runs.' },
  API_PATH_UNKNOWN: {
    cause: 'There is no such address in the API',
    action: 'Use /v1/models, /v1/chat/completions or /v1/completions.',
  },

  // Bridge
  BRIDGE_UNKNOWN_METHOD: { cause: 'There is no such call', action: 'Reload the page.' },
  BRIDGE_BAD_INPUT: { cause: 'The call’s values are not valid', action: 'Correct the values.' },
  BRIDGE_FORBIDDEN: { cause: 'This connection may not do that', action: 'Use the link with the operator’s token.' },
  BRIDGE_BUSY: { cause: 'Too many calls wait for an answer', action: 'Wait a moment and try again.' },
  BRIDGE_DISCONNECTED: {
    cause: 'The connection to the node was lost',
    action: 'The page connects again by itself; then try again.',
  },
  BRIDGE_PAGE_MISSING: { cause: 'The built page is missing', action: 'Build the app, or install it again.' },
} as const satisfies Record<string, { cause: string; action: string }>

export type ErrorCode = keyof typeof ERROR_CATALOGUE

export const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as [ErrorCode, ...ErrorCode[]]
