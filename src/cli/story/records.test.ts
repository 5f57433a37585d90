import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LinkName, Verdict } from '../../chain/verdict.ts'
import { decidingOf, eventsOf, type StoryEvent } from './records.ts'

const mark = 'story-1-irsa-address'

interface Given {
  readonly id?: string
  readonly name?: string
  readonly agent?: string
  readonly key?: string
  readonly opened?: string
  readonly outcome?: 'allowed' | 'denied'
  readonly passed?: readonly LinkName[]
  readonly refused?: LinkName
}

function event(given: Given): StoryEvent {
  const {
    id = 'r',
    name = 'connect',
    agent = mark,
    key = 'ASIA1',
    opened,
    passed = [],
    refused,
  } = given
  const verdict = (link: LinkName, verdict: Verdict['verdict']): Verdict => ({
    link,
    verdict,
    summary: `${id} ${link}`,
    evidence: [],
  })
  const links = [
    ...passed.map((link) => verdict(link, 'passed')),
    ...(refused ? [verdict(refused, 'refused')] : []),
  ]
  const outcome = given.outcome ?? (refused ? 'denied' : 'allowed')
  return {
    requestID: id,
    eventName: name,
    eventSource: 'sts.amazonaws.com',
    userAgent: agent,
    userIdentity: { arn: 'arn:…', accessKeyId: key },
    ...(opened === undefined ? {} : { responseElements: { credentials: { accessKeyId: opened } } }),
    additionalEventData: { podpass: { links, outcome } },
  }
}

test('a pod’s events bear its mark, or a request id of its log', () => {
  const own = event({ id: 'id-a' })
  const sdk = event({ id: 'id-b', agent: `aws-cli/1 app/${mark} botocore/1` })
  const agents = event({ id: 'id-c', agent: 'eks-pod-identity-agent' })
  const other = event({ id: 'id-d', agent: `${mark}-2` })
  const asker = { mark, namespace: 'irsa', pod: 'pod-1-address', log: '[id-c]: (InvalidToken)' }
  assert.deepEqual(eventsOf([own, sdk, agents, other], asker), [own, sdk, agents])
})

test('what was let through names the link that proved the identity', () => {
  const login = event({ passed: ['session', 'permissions'] })
  assert.equal(decidingOf(mark, [login], [login])?.link, 'session')
  const opened = event({
    name: 'AssumeRole',
    agent: 'kube2iam',
    opened: 'ASIA1',
    passed: ['session', 'trust'],
  })
  assert.equal(decidingOf(mark, [login], [opened, login])?.link, 'trust')
  const bought = event({ passed: ['token', 'trust', 'session', 'permissions'] })
  assert.equal(decidingOf(mark, [bought], [opened, bought])?.link, 'token')
})

test('what was refused names the link that refused last, and the caller where the pod itself called', () => {
  const first = event({ id: 'a', refused: 'permissions' })
  const last = event({ id: 'b', name: 'AssumeRole', refused: 'trust' })
  const found = decidingOf(mark, [first, last], [first, last])
  assert.equal(found?.summary, 'b trust')
  assert.equal(found?.caller, 'arn:…')
  const agents = event({ agent: 'eks-pod-identity-agent', refused: 'token' })
  assert.equal(decidingOf(mark, [agents], [agents])?.caller, undefined)
  assert.equal(decidingOf(mark, [], [first]), undefined)
})
