/** Terraform as the judge of S3's configuration: what it made it must find again, unchanged. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTestS3 } from '../src/aws/s3/testing.ts'

const run = promisify(execFile)
const configuration = fileURLToPath(new URL('support/s3-terraform', import.meta.url))

test('Terraform applies seventeen resources of S3, plans no change, and destroys them', async (t) => {
  // A directory with hashicorp/aws 5.100.0, as `terraform providers mirror` makes it.
  const plugins = process.env['PODPASS_TEST_TERRAFORM_PLUGINS']
  if (!plugins) return t.skip('the provider is not to be had here')
  const s3 = await startTestS3(t)
  const cwd = await mkdtemp(join(tmpdir(), 'podpass-terraform-'))
  t.after(() => rm(cwd, { recursive: true, force: true }))
  await cp(configuration, cwd, { recursive: true })
  const env = { ...s3.environment(), CHECKPOINT_DISABLE: '1' }
  const terraform = async (...args: string[]): Promise<string> => {
    const options = { cwd, env, maxBuffer: 16 * 1024 * 1024 }
    return (await run('terraform', [...args, '-no-color', '-input=false'], options)).stdout
  }
  await terraform('init', `-plugin-dir=${plugins}`)
  assert.match(await terraform('apply', '-auto-approve'), /Resources: 17 added/)
  assert.match(await terraform('plan', '-detailed-exitcode'), /No changes/)
  assert.match(await terraform('apply', '-destroy', '-auto-approve'), /17 destroyed/)
})
