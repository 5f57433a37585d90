/** Kubernetes versions that EKS offers here. */
import type { ClusterVersionInformation } from '@aws-sdk/client-eks'

/** The version whose API the embedded cluster speaks, and the default. */
export const defaultVersion = '1.32'

interface Offered {
  readonly version: string
  readonly patch: string
  readonly released: number
  readonly standardUntil: number
  readonly extendedUntil: number
}

const day = (year: number, month: number, date: number): number => Date.UTC(year, month - 1, date)

/** Newest first, as AWS lists them; dates from EKS's release calendar. */
const offered: readonly Offered[] = [
  {
    version: '1.34',
    patch: '1.34.1',
    released: day(2025, 10, 2),
    standardUntil: day(2026, 12, 2),
    extendedUntil: day(2027, 12, 2),
  },
  {
    version: '1.33',
    patch: '1.33.5',
    released: day(2025, 5, 29),
    standardUntil: day(2026, 7, 29),
    extendedUntil: day(2027, 7, 29),
  },
  {
    version: '1.32',
    patch: '1.32.9',
    released: day(2025, 1, 23),
    standardUntil: day(2026, 3, 23),
    extendedUntil: day(2027, 3, 23),
  },
  {
    version: '1.31',
    patch: '1.31.13',
    released: day(2024, 9, 26),
    standardUntil: day(2025, 11, 26),
    extendedUntil: day(2026, 11, 26),
  },
  {
    version: '1.30',
    patch: '1.30.14',
    released: day(2024, 5, 23),
    standardUntil: day(2025, 7, 23),
    extendedUntil: day(2026, 7, 23),
  },
]

/** All minor versions on offer, newest first. */
export function offeredVersions(): string[] {
  return offered.map(({ version }) => version)
}

/** True for a version that a cluster may have. */
export function isOffered(version: string): boolean {
  return offered.some((o) => o.version === version)
}

/** All offered versions, with their standing at `at` (ms); the default is marked. */
export function versionInformation(at: number): ClusterVersionInformation[] {
  return offered.map((o) => ({
    clusterVersion: o.version,
    clusterType: 'eks',
    defaultPlatformVersion: 'eks.1',
    defaultVersion: o.version === defaultVersion,
    releaseDate: new Date(o.released),
    endOfStandardSupportDate: new Date(o.standardUntil),
    endOfExtendedSupportDate: new Date(o.extendedUntil),
    status: at < o.standardUntil ? 'standard-support' : 'extended-support',
    versionStatus: at < o.standardUntil ? 'STANDARD_SUPPORT' : 'EXTENDED_SUPPORT',
    kubernetesPatchVersion: o.patch,
  }))
}
