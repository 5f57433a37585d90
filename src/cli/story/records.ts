/** The lab's records of what the story's pods asked: which decision ended an attack, and at which link. */
import type { PodSubject } from '../../audit/audit-log.ts'
import type { LinkName, Verdict } from '../../chain/verdict.ts'
import type { AwsAccess } from '../aws.ts'
import { recordedEvents } from '../decisions.ts'
import { shownSummary } from '../why-text.ts'
import type { Deciding } from './story.ts'

/** As much of a CloudTrail event as the story reads. */
export interface StoryEvent {
  readonly requestID: string
  readonly eventName: string
  readonly eventSource: string
  readonly userAgent: string
  readonly userIdentity?: { readonly arn?: string; readonly accessKeyId?: string }
  readonly responseElements?: {
    readonly credentials?: { readonly accessKeyId?: string }
  } | null
  readonly additionalEventData?: {
    readonly podpass?: {
      readonly links: readonly Verdict[]
      readonly subject?: PodSubject
      readonly action?: string
      readonly outcome: 'allowed' | 'denied' | 'failed'
    }
  }
}

/** Whose requests are looked for. */
export interface Asker {
  /** The name that its clients gave themselves. */
  readonly mark: string
  readonly namespace: string
  readonly pod: string
  readonly log: string
}

const login = 'connect'

/** The name stands in the agent as it is, or as the AWS SDKs write an application's (`app/<name>`). */
function speaksAs(mark: string, userAgent: string): boolean {
  return userAgent.split(/[\s/]/).includes(mark)
}

/** The events of one pod, oldest first: by the name of its client, by a request id in its log, or by its pod. */
export function eventsOf(events: readonly StoryEvent[], asker: Asker): StoryEvent[] {
  return events.filter(({ userAgent, requestID, additionalEventData }) => {
    const subject = additionalEventData?.podpass?.subject
    return (
      speaksAs(asker.mark, userAgent) ||
      asker.log.includes(requestID) ||
      (subject?.pod === asker.pod && subject.namespace === asker.namespace)
    )
  })
}

/** What proves an identity, strongest first: a token is the whole proof; else a role trusts a role; else a session is had. */
const proofs: readonly LinkName[] = ['token', 'trust', 'session']

/**
 * The decision on which an attack ended: the login that was allowed, at the link that proved the identity; else the last
 * refusal, at the link that refused. `all` (oldest first) also holds the request by which a session was opened.
 */
export function decidingOf(
  mark: string,
  own: readonly StoryEvent[],
  all: readonly StoryEvent[],
): Deciding | undefined {
  const allowed = own.findLast(
    (event) => event.eventName === login && outcomeOf(event) === 'allowed',
  )
  if (allowed) {
    const key = allowed.userIdentity?.accessKeyId
    const opened = all.find(
      (event) => key && event.responseElements?.credentials?.accessKeyId === key,
    )
    const passed = [...linksOf(allowed), ...(opened ? linksOf(opened) : [])].filter(
      ({ verdict }) => verdict === 'passed',
    )
    const proof = proofs.map((link) => passed.find((one) => one.link === link)).find(Boolean)
    return proof && deciding(mark, allowed, 'allowed', proof)
  }
  const denied = own.findLast((event) => refusedLink(event) !== undefined)
  const broken = denied && refusedLink(denied)
  return broken && deciding(mark, denied, 'denied', broken)
}

function deciding(
  mark: string,
  event: StoryEvent,
  outcome: Deciding['outcome'],
  verdict: Verdict,
): Deciding {
  const { requestID, userIdentity, eventName, eventSource, userAgent, additionalEventData } = event
  const service = eventSource.split('.')[0] ?? ''
  const action = additionalEventData?.podpass?.action ?? `${service}:${eventName}`
  return {
    requestId: requestID,
    action,
    outcome,
    // An agent that asks for a pod signs as the node, which does not make the pod the node.
    ...(userIdentity?.arn && speaksAs(mark, userAgent) && { caller: userIdentity.arn }),
    link: verdict.link,
    summary: shownSummary(verdict),
  }
}

function refusedLink(event: StoryEvent): Verdict | undefined {
  return outcomeOf(event) === 'allowed'
    ? undefined
    : linksOf(event).find(({ verdict }) => verdict === 'refused')
}

function outcomeOf(event: StoryEvent): string | undefined {
  return event.additionalEventData?.podpass?.outcome
}

function linksOf(event: StoryEvent): readonly Verdict[] {
  return event.additionalEventData?.podpass?.links ?? []
}

export interface Records {
  /** All that was recorded since the start, oldest first; reads on where it stopped. */
  read(): Promise<readonly StoryEvent[]>
}

/** From now on. */
export async function openRecords(aws: AwsAccess, now: () => number): Promise<Records> {
  const events: StoryEvent[] = []
  const seen = new Set<string>()
  let reading = Promise.resolve()
  const readOn = async (isFirst: boolean): Promise<void> => {
    const fresh: StoryEvent[] = []
    for await (const event of recordedEvents(aws, now())) {
      const { requestID } = event as StoryEvent
      if (seen.has(requestID)) break
      fresh.push(event as StoryEvent)
      if (isFirst) break
    }
    for (const event of fresh.reverse()) {
      seen.add(event.requestID)
      if (!isFirst) events.push(event)
    }
  }
  await readOn(true)
  return {
    async read() {
      reading = reading.then(() => readOn(false))
      await reading
      return events
    },
  }
}
