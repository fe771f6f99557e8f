import type { HostStatus } from '../../src-shared/host-network'
import { formatBytes, formatSpan } from '../format'
import { say } from '.'

export function hostHeadline({ phase, progress }: HostStatus): { headline: string; sentence: string } {
  const { HOST } = say
  switch (phase) {
    case 'off':
      return { headline: HOST.title, sentence: HOST.lead }
    case 'preparing':
      return progress
        ? { headline: HOST.hashing, sentence: HOST.hashed(formatBytes(progress.done), formatBytes(progress.total)) }
        : { headline: HOST.reading, sentence: HOST.readingText }
    case 'starting':
      return { headline: HOST.starting, sentence: HOST.startingText }
    case 'running':
      return { headline: HOST.running, sentence: HOST.shareText }
    case 'stopping':
      return { headline: HOST.ending, sentence: HOST.endingText }
  }
}

export function sinceWords({ since }: HostStatus, now: number): string {
  return say.HOST.since(formatSpan(Math.max(0, now - since)))
}
