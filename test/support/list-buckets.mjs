// Runs inside a pod: lists buckets with the AWS SDK for JavaScript and whatever identity it finds.
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3'

try {
  const { Buckets } = await new S3Client({}).send(new ListBucketsCommand({}))
  console.log(JSON.stringify(Buckets.map(({ Name }) => Name)))
} catch (error) {
  console.log(`${error.name}: ${error.message}`)
  process.exitCode = 1
}
