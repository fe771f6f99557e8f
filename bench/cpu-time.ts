/** Processor time of all threads so far: what is left of a comparison when others use the machine as well. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
