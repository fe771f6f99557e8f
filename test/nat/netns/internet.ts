import { execFileSync } from 'node:child_process'

/** As in scripts/nat.mjs, which removes all of this name. */
const PREFIX = 'espalier-nat-'
const WAN = 'wan'
const NET = '45.10.0'

/**
 * How a router maps what goes out. `port-restricted`: one port outside for each inside, whoever is spoken to, and only
 * who was spoken to gets in: what home routers do. `symmetric`: another port for everyone who is spoken to.
 */
export type NatKind = 'port-restricted' | 'symmetric'

export interface Namespace {
  readonly name: string
  readonly address: string
  ip(command: string): void
}

export interface Router extends Namespace {
  /** What it is called outside. */
  readonly outside: string
  /** The provider gives it another address, and what was open is forgotten. */
  changeOutside(address: string): void
}

/** A made-up internet: one network of public addresses, and routers with homes behind them. */
export interface Internet {
  /** A computer with an address of its own. */
  host(name: string, last: number): Namespace
  /** A home: its router, and one computer at 192.168.7.2, as in every other home. */
  home(name: string, last: number, kind: NatKind): { router: Router; computer: Namespace }
  /** Two computers on one cable, and no way out. */
  lan(names: readonly [string, string]): [Namespace, Namespace]
  remove(): void
}

export function createInternet(): Internet {
  const made: string[] = []

  function run(command: string): void {
    const [program = '', ...args] = command.split(' ')
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }

  function add(name: string, address: string): Namespace {
    const full = `${PREFIX}${name}`
    run(`ip netns add ${full}`)
    made.push(full)
    run(`ip -n ${full} link set lo up`)
    return { name: full, address, ip: (command) => run(`ip -n ${full} ${command}`) }
  }

  /** A cable from `from`, where it is called `end`, to the bridge of `to`. */
  function plug(from: Namespace, end: string, to: Namespace, port: string): void {
    run(`ip -n ${to.name} link add ${port} type veth peer name ${end} netns ${from.name}`)
    to.ip(`link set ${port} master br0`)
    to.ip(`link set ${port} up`)
  }

  function addBridge(name: string): Namespace {
    const bridge = add(name, '')
    bridge.ip('link add br0 type bridge')
    bridge.ip('link set br0 up')
    return bridge
  }

  let wan: Namespace | null = null
  function join(space: Namespace, end: string, address: string): void {
    wan ??= addBridge(WAN)
    plug(space, end, wan, `p${address.split('.')[3]}`)
    space.ip(`address add ${address}/24 dev ${end}`)
    space.ip(`link set ${end} up`)
  }

  function nft(space: Namespace, script: string): void {
    execFileSync('ip', ['netns', 'exec', space.name, 'nft', '-f', '-'], { input: script })
  }

  return {
    host(name, last) {
      const space = add(name, `${NET}.${last}`)
      join(space, 'eth0', space.address)
      return space
    },
    home(name, last, kind) {
      const computer = add(name, '192.168.7.2')
      const space = add(`${name}-router`, '192.168.7.1')
      run(`ip -n ${space.name} link add lan type veth peer name eth0 netns ${computer.name}`)
      space.ip('address add 192.168.7.1/24 dev lan')
      space.ip('link set lan up')
      computer.ip('address add 192.168.7.2/24 dev eth0')
      computer.ip('link set eth0 up')
      computer.ip('route add default via 192.168.7.1')
      let outside = `${NET}.${last}`
      join(space, 'wan', outside)
      run(`ip netns exec ${space.name} sysctl -q -w net.ipv4.ip_forward=1`)
      nft(
        space,
        `table ip router {
          chain out { type nat hook postrouting priority 100; oifname "wan" masquerade${kind === 'symmetric' ? ' fully-random' : ''}; }
          chain through { type filter hook forward priority 0; iifname "wan" ct state new drop; }
        }`,
      )
      const router: Router = {
        ...space,
        get outside() {
          return outside
        },
        changeOutside(address) {
          // Masquerading forgets what went through an address that is gone.
          space.ip(`address del ${outside}/24 dev wan`)
          outside = address
          space.ip(`address add ${outside}/24 dev wan`)
        },
      }
      return { router, computer }
    },
    lan(names) {
      const cable = addBridge(`${names[0]}-cable`)
      const [one, two] = names.map((name, at) => {
        const space = add(name, `192.168.9.${at + 2}`)
        plug(space, 'eth0', cable, `p${at}`)
        space.ip(`address add ${space.address}/24 dev eth0`)
        space.ip('link set eth0 up')
        // Multicast needs a way to go.
        space.ip('route add default dev eth0')
        return space
      })
      if (!one || !two) throw new Error('two names')
      return [one, two]
    },
    remove() {
      for (const name of made.splice(0).reverse()) run(`ip netns delete ${name}`)
    },
  }
}
