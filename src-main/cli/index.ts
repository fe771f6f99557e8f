#!/usr/bin/env node
import '../../src-shared/polyfill'
import { Argument, Command, Option } from 'commander'
import { VERSION } from '../../src-shared/version'
import { tuneForSmallHeap } from '../process/small-heap'
import {
  blockRange,
  decimal,
  lookInterval,
  numberWithin,
  port,
  profileNamed,
  publicName,
  seed,
  wholeNumber,
} from './arguments'
import { runMain } from './run-main'

tuneForSmallHeap()
const program = new Command('espalier')
  .description(
    'A node of a shared language-model network: it serves blocks of a model and says only what others confirm.',
  )
  .version(VERSION)

const dataDir = () => new Option('--data-dir <path>', 'where everything of this node lives')
const json = () => new Option('--json', 'machine-readable output').default(false)
const profile = () =>
  new Option(
    '--profile <name>',
    'network: local (this computer only), espalier, kwaai, petals, or a .json file',
  ).argParser(profileNamed)
const bootstrap = () => new Option('--bootstrap <multiaddr...>', 'peers to join through')

// Commands are loaded when they run: `status` needs no llama.cpp, and `slice` no network.
program
  .command('serve')
  .description('run a node until Ctrl-C, with its page on loopback')
  .addOption(dataDir())
  .addOption(profile())
  .option('--coordinator <url>', 'the network’s coordinator; without it the network that was chosen in the page')
  .option('--invite <link>', 'join with an invite (espalier://…), which names the coordinator too')
  .option('--insecure-http', 'allow http:// to a coordinator on another computer', false)
  .addOption(bootstrap())
  .option('--own-node <multiaddr...>', 'other nodes of yours, which name this one too: they keep one log')
  .option('--model-file <gguf>', 'the whole model, from which this node’s blocks are taken')
  .option('--name <text>', 'the name that others see', publicName)
  .option(
    '--port <number>',
    'first port to try for other peers; 0 takes a free one',
    numberWithin(1024, 65_535, { orZero: true }),
  )
  .option('--ui-port <number>', 'port of the page on loopback; 0 takes a free one', port, 0)
  .addOption(new Option('--api <who>', 'who may ask through the OpenAI-style API').choices(['off', 'loopback', 'lan']))
  .option('--api-port <number>', 'first port to try for that API', numberWithin(1024, 65_000))
  .option('--threads <count>', 'compute threads', numberWithin(1, 512))
  .option('--context-tokens <count>', 'context of each session', numberWithin(64, 131_072))
  .option('--sessions <count>', 'sessions served at once', numberWithin(1, 64))
  .option('--fleet', 'one of several nodes of this user, each with --fleet and a data directory of its own')
  .addOption(json())
  .action(async (options) => (await import('./serve')).serve(options))

program
  .command('status')
  .description('what the running node of a data directory says; exits 1 unless others see it')
  .option('--answers', 'exit 0 as soon as it answers, also while it waits: for a container’s health check', false)
  .addOption(dataDir())
  .addOption(json())
  .action(async (options) => (await import('./status')).status(options))

program
  .command('events')
  .description('what happened on this node and on those that `serve --own-node` names')
  .addOption(dataDir())
  .addOption(json())
  .action(async (options) => (await import('./events')).events(options))

program
  .command('doctor')
  .description('check what a node needs, and say what is missing; exits 1 when something is')
  .addOption(dataDir())
  .option(
    '--shards',
    'the running node’s table of all shards; exits 0 when every one is loaded and no check fails',
    false,
  )
  .option('--coordinator <url>', 'check this coordinator too')
  .option('--model-file <gguf>', 'check this model file')
  .option('--manifest <file>', 'check the model file against this manifest')
  .option('--port <number>', 'port for other peers', numberWithin(1024, 65_535, { orZero: true }))
  .addOption(json())
  .action(async (options) => (await import('./doctor')).doctor(options))

program
  .command('shards')
  .description(
    'what is fetched and what lies on the disk; pause, resume or cancel a fetch, await the coordinator’s command, load now, or free space',
  )
  .addArgument(
    new Argument('[action]', 'default: show').choices(['show', 'pause', 'resume', 'cancel', 'await', 'load', 'free']),
  )
  .addOption(dataDir())
  .addOption(json())
  .action(async (action, options) => (await import('./shards')).shards(action ?? 'show', options))

program
  .command('devices')
  .description('what can compute here; --fetch-cuda gets NVIDIA’s libraries where there is such a card')
  .addOption(dataDir())
  .option('--fetch-cuda', 'fetch llama.cpp’s CUDA libraries, checked against a hash', false)
  .addOption(json())
  .action(async (options) => (await import('./devices')).devices(options))

program
  .command('identity')
  .description(
    'who this node is for others: show it, back it up (sealed), bring a backup in, restore its copy, renew it',
  )
  .addArgument(new Argument('[action]', 'default: show').choices(['show', 'export', 'import', 'restore', 'renew']))
  .argument('[file]', 'the backup; its passphrase is asked for, or read from the standard input')
  .addOption(dataDir())
  .addOption(json())
  .action(async (action, file, options) => (await import('./identity')).identity(action ?? 'show', file, options))

program
  .command('slice')
  .description('cut a block range out of a model file, verified against its manifest')
  .argument('<gguf>', 'the whole model')
  .requiredOption('--blocks <start:end>', 'half-open range', blockRange)
  .requiredOption('--manifest <file>', 'what the file must be')
  .requiredOption('--output <folder>', 'where the slice goes')
  .addOption(json())
  .action(async (gguf, options) => (await import('./slice')).slice(gguf, options))

program
  .command('manifest')
  .description('describe a model file: hashes of its pieces, and what it answers to a probe')
  .argument('<gguf>', 'the whole model')
  .requiredOption('--output <file>', 'where the manifest goes')
  .option('--name <text>', 'the model’s name; default: the name in the file')
  .option('--prefix <text>', 'prefix of its keys in the DHT; default: derived from the repository or name')
  .option('--repository <owner/name>', 'its Hugging Face repository')
  .option('--source <url...>', 'addresses where nodes can fetch the file by range')
  .addOption(json())
  .action(async (gguf, options) => (await import('./manifest')).manifest(gguf, options))

program
  .command('generate')
  .description('send a prompt through the network')
  .argument('<prompt>')
  .requiredOption('--coordinator <url>', 'the network’s coordinator')
  .option('--insecure-http', 'allow http:// to a coordinator on another computer', false)
  .option('--model-file <gguf>', 'a file with the model’s vocabulary: the model, or an entry file')
  .option('--data-dir <path>', 'of a node with blocks of the model, whose vocabulary is used when no file is named')
  .option('--max-tokens <count>', 'length of the answer', numberWithin(1, 131_072), 64)
  .option('--context-tokens <count>', 'context that the nodes keep', numberWithin(1, 131_072), 512)
  .option('--chat', 'as what a person says in a chat, in the model’s own template', false)
  .option('--temperature <number>', '0 takes the likeliest token each time', decimal, 0)
  .option('--top-k <count>', 'only the likeliest so many tokens; 0 takes all', wholeNumber, 0)
  .option('--top-p <share>', 'only the likeliest tokens that together have this probability', decimal, 1)
  .option('--min-p <share>', 'only tokens with this share of the likeliest one’s probability', decimal, 0)
  .option('--repeat-penalty <number>', 'against repetition; 1 is off', decimal, 1)
  .option('--seed <number>', 'the same seed draws the same tokens', seed)
  .option('--exact', 'comparable bit for bit with one process: twice the bytes between nodes, never batched', false)
  .addOption(profile().default(undefined))
  .addOption(json())
  .action(async (prompt, options) => (await import('./generate')).generateCommand(prompt, options))

program
  .command('meter')
  .description('what joining a network would change, measured as a guest; nothing is registered')
  .requiredOption('--coordinator <url>', 'the network’s coordinator')
  .option('--insecure-http', 'allow http:// to a coordinator on another computer', false)
  .option('--model-file <gguf>', 'the whole model, to time this computer with')
  .option('--threads <count>', 'compute threads', numberWithin(1, 512))
  .addOption(dataDir())
  .addOption(profile().default(undefined))
  .addOption(json())
  .action(async (options) => (await import('./meter')).meter(options))

program
  .command('observe')
  .description('look at a network from outside, as its health monitor does')
  .addOption(bootstrap().makeOptionMandatory())
  .addOption(profile().makeOptionMandatory())
  .addOption(
    new Option('--form <name>', 'in which form the records are read; default: the first of the profile').choices([
      'hivemind',
      'kademlia',
    ]),
  )
  .option('--track <prefix...>', 'models to look for; the Kademlia form has no index of them', [])
  .option('--interval <seconds>', 'pause between looks', lookInterval, 60)
  .option('--once', 'look once', false)
  .addOption(
    new Option('--serve <port>', 'serve what is seen as a map, in the shapes of the public health monitor')
      .argParser(port)
      .conflicts('once'),
  )
  .option('--serve-host <address>', 'address on which the map is served', '127.0.0.1')
  .addOption(json())
  .action(async (options) => (await import('./observe')).observe(options))

program
  .command('contract')
  .description('check a coordinator against the documented contract, with workers that are removed again')
  .argument('<url>', 'the coordinator')
  .option('--admin-token <token>', 'also check approving and rejecting, as the host')
  .option('--insecure-http', 'allow http:// to another computer', false)
  .addOption(json())
  .action(async (url, options) => (await import('./contract')).contract(url, options))

program
  .command('demo')
  .description('a whole network on this computer: coordinator, three nodes, an observer and a client')
  .option('--once', 'end when everything has been shown', false)
  .addOption(
    new Option('--form <name>', 'in which form the observer reads the records')
      .choices(['hivemind', 'kademlia'])
      .default('hivemind'),
  )
  .addOption(json())
  .action(async (options) => (await import('../demo/demo')).demo(options))

// A node is not its output: whoever reads along may go.
// Never awaited here: a chunk that is loaded later and shares code with this file would wait for the command's end.
void runMain(program, { goOn: ['serve'] })
