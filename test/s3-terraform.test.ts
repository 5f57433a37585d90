/** Terraform as the judge of S3's configuration: what it made it must find again, unchanged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestS3 } from '../src/aws/s3/testing.ts'
import { noTerraform, startTerraform } from './support/terraform.ts'

test('Terraform applies seventeen resources of S3, plans no change, and destroys them', {
  skip: noTerraform(),
}, async (t) => {
  const s3 = await startTestS3(t)
  const environment = s3.environment()
  const terraform = await startTerraform(t, { configuration: 's3-terraform', environment })
  assert.equal(await terraform.apply(), '17 added, 0 changed, 0 destroyed')
  await terraform.expectNoChanges()
  assert.equal(await terraform.apply('-destroy'), '0 added, 0 changed, 17 destroyed')
})
