/** Services that are not here refuse in their own protocol: real clients show the code and the text, not a body. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { echoService } from './echo-service.testing.ts'
import { startTestGateway, type TestGateway } from './testing.ts'

const account = 'arn:aws:rds:ap-northeast-1:111122223333:cluster:shop'
const secret = 'arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:shop'

describe('a service that is not served', () => {
  let gateway: TestGateway

  before(async () => {
    gateway = await startTestGateway({ services: [echoService('eks')] })
  })
  after(() => gateway[Symbol.asyncDispose]())

  const statement = ['execute-statement', '--sql', 'SELECT 1']
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['REST in JSON', 'ExecuteStatement', ['rds-data', ...statement]],
    ['REST in JSON, by GET', 'ListFunctions', ['lambda', 'list-functions']],
    ['REST in XML', 'ListHostedZones', ['route53', 'list-hosted-zones']],
    ['JSON', 'ListTables', ['dynamodb', 'list-tables']],
    ['Query', 'ListTopics', ['sns', 'list-topics']],
  ]
  for (const [protocol, operation, args] of cases) {
    it(`refuses in ${protocol} as aws ${args[0]} understands it`, async () => {
      const data = args[0] === 'rds-data' ? ['--resource-arn', account, '--secret-arn', secret] : []
      const { status, stderr } = await gateway.aws([...args, ...data])
      assert.equal(status, 255)
      const said = `An error occurred (NotImplemented) when calling the ${operation} operation: The service ${args[0]} `
      assert.ok(stderr.trim().startsWith(said), stderr)
      assert.match(stderr, /is not available at this endpoint, which serves \w+/)
    })
  }

  it('refuses each operation of the RDS Data API for boto3, at once', async (t) => {
    const python = process.env['PODPASS_TEST_PYTHON']
    if (!python) return t.skip('boto3 is not to be had here')
    const script = `
import boto3, botocore
client = boto3.client('rds-data')
given = dict(resourceArn='${account}', secretArn='${secret}')
calls = [
  lambda: client.execute_statement(sql='SELECT 1', **given),
  lambda: client.batch_execute_statement(sql='SELECT 1', **given),
  lambda: client.begin_transaction(**given),
  lambda: client.commit_transaction(transactionId='x', **given),
  lambda: client.rollback_transaction(transactionId='x', **given),
]
for call in calls:
  try: call()
  except botocore.exceptions.ClientError as error:
    print(error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'], error.response['ResponseMetadata'].get('RetryAttempts'))
`
    const env = gateway.environment()
    const { stdout } = await promisify(execFile)(python, ['-c', script], { env })
    assert.deepEqual(stdout.trim().split('\n'), Array(5).fill('NotImplemented 501 0'))
  })
})
