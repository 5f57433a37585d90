import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from '../verdict.ts'
import { type RecordedDecision, why } from './why.ts'

const role = 'arn:aws:iam::111122223333:role/r'
const record = (
  outcome: RecordedDecision['outcome'],
  links: Verdict[],
  more: Partial<RecordedDecision> = {},
): RecordedDecision => ({
  requestId: 'r-1',
  time: '2026-01-01T00:00:00Z',
  outcome,
  operation: 'ListBuckets',
  links,
  ...more,
})
const verdict = (link: Verdict['link'], is: Verdict['verdict'], fix?: string): Verdict => ({
  link,
  verdict: is,
  summary: `${link} ${is}`,
  evidence: [],
  ...(fix !== undefined && { fix }),
})
const situation = (annotations: Record<string, string>) => ({
  cluster: 'irsa',
  namespace: 'default',
  name: 'p',
  pod: { metadata: { name: 'p', namespace: 'default' }, spec: { serviceAccountName: 'sa' } },
  serviceAccount: { metadata: { name: 'sa', annotations } },
  webhookRegistered: true,
})
const states = (report: ReturnType<typeof why>) =>
  report.links.map(({ verdict: state }) => state).join(' ')

test('a refusal ends the chain: what follows was not reached', () => {
  const links = [verdict('token', 'passed'), verdict('provider', 'refused', 'register it')]
  const report = why(record('denied', links), undefined)
  assert.equal(report.brokenLink, 'provider')
  assert.equal(report.fix, 'register it')
  assert.equal(
    states(report),
    'not-applicable not-applicable passed refused not-reached not-reached not-reached not-reached',
  )
})

test('a pod whose ServiceAccount names no role broke there, whatever refused it in the end', () => {
  const links = [verdict('session', 'passed'), verdict('permissions', 'refused', 'widen the node')]
  const report = why(record('denied', links, { action: 's3:ListAllMyBuckets' }), situation({}))
  assert.equal(report.brokenLink, 'service-account')
  assert.match(
    report.fix ?? '',
    /podpass create iamserviceaccount --cluster irsa --namespace default --name sa --attach-policy-arn arn:aws:iam::aws:policy\/AmazonS3ReadOnlyAccess --approve/,
  )
})

test('a policy is only proposed where one fits the action', () => {
  const links = [verdict('permissions', 'refused')]
  const report = why(record('denied', links, { action: 'dynamodb:GetItem' }), situation({}))
  assert.match(report.fix ?? '', /--attach-policy-arn POLICY /)
})

test('an allowed request has no broken link, even where a pod has since changed', () => {
  const report = why(record('allowed', [verdict('permissions', 'passed')]), situation({}))
  assert.equal(report.decision, 'allowed')
  assert.equal(report.brokenLink, undefined)
  assert.equal(report.fix, undefined)
})

test('without a request the pod’s own links are judged', () => {
  const report = why(undefined, situation({ 'eks.amazonaws.com/role-arn': role }))
  assert.equal(report.decision, 'unknown')
  assert.equal(report.brokenLink, 'injection')
  assert.equal(report.subject, 'pod default/p')
})
