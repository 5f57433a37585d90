/** Waiting for what EKS makes and deletes. */
import { isAwsError } from './aws.ts'
import { CliFailure } from './failure.ts'
import { waitUntil } from './wait.ts'

const limitMinutes = 30

/** Waits for ACTIVE; a failure is told in the service's own words. */
export async function untilActive(
  look: () => Promise<{ status: string | undefined; issue: string | undefined }>,
): Promise<void> {
  let last: string | undefined
  const active = await waitUntil(async () => {
    const { status, issue } = await look()
    last = status
    if (status?.endsWith('FAILED')) {
      throw new CliFailure(`it ended as ${status}${issue ? `: ${issue}` : ''}`)
    }
    return status === 'ACTIVE'
  }, limitMinutes * 60_000)
  if (!active) {
    throw new CliFailure(`it is still ${last ?? 'unknown'} after ${limitMinutes} min`)
  }
}

/** Waits until EKS knows it no longer. */
export async function untilGone(look: () => Promise<unknown>): Promise<void> {
  const gone = await waitUntil(async () => {
    try {
      await look()
      return false
    } catch (error) {
      if (isAwsError(error, 'ResourceNotFound')) return true
      throw error
    }
  }, limitMinutes * 60_000)
  if (!gone) throw new CliFailure(`it is still there after ${limitMinutes} min`)
}
