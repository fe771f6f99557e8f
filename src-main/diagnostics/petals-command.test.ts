import { execFileSync, spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { petalsCommandOf } from './petals-command'

const server = {
  model: 'meta-llama/Llama-3.3-70B-Instruct',
  initialPeers: Array.from(
    { length: 12 },
    (_, i) => `/ip4/203.0.113.${i}/tcp/31337/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN`,
  ),
  blocks: { start: 4, end: 8 },
  port: 31_338,
  publicIp: '203.0.113.77',
}

/** The options of petals.cli.run_server that the document names, as its own parser declares them. */
const PARSER = `
import argparse, json, shlex, sys
parser = argparse.ArgumentParser()
group = parser.add_mutually_exclusive_group(required=True)
group.add_argument('--converted_model_name_or_path')
group.add_argument('model', nargs='?')
parser.add_argument('--initial_peers', type=str, nargs='+')
parser.add_argument('--block_indices', type=str)
parser.add_argument('--port', type=int)
parser.add_argument('--public_ip', type=str)
words = shlex.split(sys.argv[1])
assert words[:3] == ['python', '-m', 'petals.cli.run_server']
print(json.dumps(vars(parser.parse_args(words[3:]))))
`
const hasPython = spawnSync('python3', ['-c', 'pass']).status === 0

describe('the same server with Petals', () => {
  it('C-33: says model, peers, half-open blocks, port and address, and fits into a check', () => {
    const command = petalsCommandOf(server)
    expect(command.length).toBeLessThanOrEqual(600)
    expect(command).toMatch(
      /^python -m petals\.cli\.run_server meta-llama\/Llama-3\.3-70B-Instruct --initial_peers \/ip4/,
    )
    expect(command).toContain('--block_indices 4:8 --port 31338 --public_ip 203.0.113.77')
    expect(petalsCommandOf({ ...server, initialPeers: [], publicIp: null })).not.toMatch(/initial_peers|public_ip/)
  })

  it('C-33: what a stranger named can’t become another command', () => {
    expect(petalsCommandOf({ ...server, model: `x'; rm -rf ~; '` })).toContain(`'x'\\''; rm -rf ~; '\\'''`)
  })

  it.skipIf(!hasPython)('C-33: Python’s argparse reads it back', () => {
    for (const model of [server.model, `odd ' name; $(x)`]) {
      const parsed = JSON.parse(
        execFileSync('python3', ['-c', PARSER, petalsCommandOf({ ...server, model })], { encoding: 'utf8' }),
      )
      expect(parsed).toMatchObject({ model, block_indices: '4:8', port: 31_338, public_ip: '203.0.113.77' })
      expect(parsed.initial_peers.length).toBeGreaterThan(0)
      for (const peer of parsed.initial_peers) expect(server.initialPeers).toContain(peer)
    }
  })
})
