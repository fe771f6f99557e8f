import { setFlagsFromString } from 'node:v8'

/**
 * V8's own answers suit large heaps, and a node's is small.
 *
 * Old objects are collected when there are half as many more as the last collection left. By itself V8 lets those of a
 * small process grow fourfold first: a flood of calls, whose every stream lives long enough to become one, then takes
 * 90 MB of garbage where 40 do. The price is a collection every ten seconds or so in a flood, and none otherwise.
 *
 * Young objects are collected by one thread. So few of them are alive that waking further threads takes more than they
 * save: eight nodes on two cores need a tenth less processor time.
 */
const FLAGS = ['--heap-growing-percent=50', '--no-parallel-scavenge']

/** Not in Electron, where V8's flags may be sealed and a change of one would end the process. */
export function tuneForSmallHeap(
  versions: Readonly<Record<string, string | undefined>> = process.versions,
  setFlags: (flags: string) => void = setFlagsFromString,
): void {
  if (versions.electron === undefined) for (const flag of FLAGS) setFlags(flag)
}
