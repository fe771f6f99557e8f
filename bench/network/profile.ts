import { type NetworkProfile, PROFILES } from '../../src-main/network/profiles'

/** Loopback only, with the rhythm of real networks: nothing of the measurement may expire while it runs. */
export const BENCH_PROFILE: NetworkProfile = { ...PROFILES.espalier, loopbackOnly: true }

/** Answers what it was asked: a call that costs nothing but the call. */
export const ECHO_PROTOCOL = 'Bench.rpc_echo'
