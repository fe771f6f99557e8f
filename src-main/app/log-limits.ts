import type { Settings } from '../../src-shared/settings'
import { DEFAULT_LOG_LIMITS, type LogFileLimits } from '../storage/log-files'

const BYTES_PER_MIB = 1024 * 1024

/** What the settings say about log files; before there are any, the defaults. */
export function logLimitsOf(settings: Settings | undefined): LogFileLimits {
  if (!settings) return DEFAULT_LOG_LIMITS
  return { bytes: settings.logMib * BYTES_PER_MIB, days: settings.logDays }
}
