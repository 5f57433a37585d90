/** S3 behind a real gateway, in a directory of its own: for tests with real clients. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from '../../clock/manual-clock.ts'
import { startTestGateway, type TestGateway, testRegion } from '../gateway/testing.ts'
import { openS3 } from './open-s3.ts'

export interface TestS3 extends TestGateway {
  readonly directory: string
  readonly clock: ManualClock
}

/** Starts a gateway with S3 alone. `tls` (PEM) adds HTTPS on the same port. */
export async function startTestS3(
  options: { tls?: { cert: string; key: string } } = {},
): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), 'podpass-s3-'))
  const clock = new ManualClock(Math.floor(performance.timeOrigin + performance.now()))
  const s3 = await openS3({ directory, clock, region: testRegion })
  const gateway = await startTestGateway({ services: [s3.service], clock, ...options })
  return {
    ...gateway,
    clock,
    directory,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await s3[Symbol.asyncDispose]()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
