// Runs inside a pod: lists buckets with the AWS SDK for JavaScript and whatever identity it finds.
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'

try {
  const { Buckets } = await new S3Client({}).send(new ListBucketsCommand({}))
  process.stdout.write(`${JSON.stringify(Buckets.map(({ Name }) => Name))}\n`)
} catch (error) {
  process.stdout.write(`${error.name}: ${error.message}\n`)
  process.exitCode = 1
}
