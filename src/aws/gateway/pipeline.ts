/** The one order in which every request is served: route → authenticate → parse → authorise → handle → write → audit. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../../kernel/refusal.ts'
import { nextStage } from '../../kernel/stage.ts'
import type { AwsRequest, AwsResponse, AwsService, Call, Need } from '../operation.ts'
import { type Form, parseForm } from '../protocol/form.ts'
import { auditRecord, type Outcome } from './audit-record.ts'
import { authenticate } from './authenticate.ts'
import {
  announcedLength,
  incomplete,
  type RefuseAuthentication,
  readAll,
  tooLarge,
  verifiedBody,
  wholeBody,
} from './body.ts'
import { makeCall, noteUse, refuseCaller, refuseDeadSession } from './make-call.ts'
import type { PipelineDeps, Progress } from './progress.ts'
import { type Received, receive } from './receive.ts'
import { respond } from './respond.ts'
import { type Route, route, routeForm } from './route.ts'
import { unservedError } from './unserved.ts'
import { refusalOf, writeError } from './write-error.ts'

/** A Query form has to be read before its operation, and so its own limit, is known. */
const maxFormBytes = 1024 * 1024

/** Serves one request to its end; never rejects. `mustContinue`: the client waits for `100 Continue` before its body. */
export async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  mustContinue: boolean,
  deps: PipelineDeps,
): Promise<void> {
  const received = receive(message, deps.proxies)
  const progress: Progress = {
    requestId: randomUUID(),
    at: deps.authenticator.now(),
    request: received.request,
    wanted: '',
    noted: [],
  }
  const { log } = deps
  try {
    let answer: AwsResponse
    let outcome: Outcome
    try {
      answer = await run(message, response, received, mustContinue, progress, deps)
      outcome = { status: answer.status }
    } catch (cause) {
      const refusal = refusalOf(cause, progress, log)
      answer = writeError(refusal, progress)
      outcome = { status: refusal.status, refusal }
    }
    try {
      deps.audit.record(auditRecord(progress, outcome, deps))
    } catch (cause) {
      log.error({ requestId: progress.requestId, error: String(cause) }, 'no record was made')
    }
    await nextStage
    await respond(message, response, answer, [requestIdHeader(progress), progress.requestId])
  } catch (cause) {
    // The client went away, or a body broke off half-way: there is nobody left to tell.
    log.warn({ requestId: progress.requestId, error: String(cause) }, 'answer broke off')
    response.destroy()
  }
}

async function run(
  message: IncomingMessage,
  response: ServerResponse,
  { request, query, fault }: Received,
  mustContinue: boolean,
  progress: Progress,
  deps: PipelineDeps,
): Promise<AwsResponse> {
  const proceed = (): void => {
    if (mustContinue && !response.writableEnded) response.writeContinue()
  }
  const found = route(request, query, deps.services)
  progress.wanted = found.wanted
  if (found.service) progress.service = found.service
  if (fault !== undefined) throw new Refusal(fault, { code: 'InvalidRequest', status: 400 })
  await deps.turn()
  // Nobody listened meanwhile: of a connection that broke in this turn no event would come any more.
  if (message.destroyed && !message.complete) throw incomplete()
  const read = readForm(message, request, found, progress, proceed, deps)
  const { form, body: formBody } = read instanceof Promise ? await read : read
  const service = progress.service
  if (!service) throw unservedError(found.wanted, request, [...deps.services.keys()])
  const operation = service.match(request, form)
  progress.operation = operation
  const refuse = refuser(service)

  let body = formBody
  const isS3 = service.signingName === 's3'
  if (body === undefined && operation.body === 'buffered' && !isS3) {
    const buffered = readBuffered(message, operation.maxBodyBytes, proceed)
    body = buffered instanceof Promise ? await buffered : buffered
  }
  if (body !== undefined && body.length > operation.maxBodyBytes) {
    throw tooLarge(operation.maxBodyBytes)
  }
  const claim = operation.ignoresSignature ? undefined : found.claim
  if (claim && !('problem' in claim)) progress.accessKeyId = claim.accessKeyId
  const { signingRegion: region } = operation
  const presented = { request, query, claim, service: service.signingName, region, body }
  const authenticated = operation.ignoresSignature
    ? ({ caller: { kind: 'anonymous' }, body: { kind: 'unsigned' } } as const)
    : authenticate(presented, deps.authenticator, refuse)
  progress.authenticated = authenticated
  if (authenticated.caller.kind === 'anonymous' && !operation.allowAnonymous)
    throw refuse('missing')

  const call = makeCall(progress, authenticated, service, deps)
  refuseDeadSession(progress, authenticated, refuse)
  refuseCaller(call, service)
  noteUse(call, service, deps)
  let stream: ReturnType<typeof verifiedBody> | undefined
  if (body === undefined) {
    if (operation.body === 'buffered') {
      const length = announcedLength(message)
      if (length !== undefined && length > operation.maxBodyBytes)
        throw tooLarge(operation.maxBodyBytes)
      if (length !== 0) proceed()
      const verified = verifiedBody(message, authenticated.body, refuse)
      body = await readAll(verified.stream, operation.maxBodyBytes)
    } else {
      stream = verifiedBody(message, authenticated.body, refuse)
      // Nobody may listen yet when the client breaks off; the reader sees the error all the same.
      stream.stream.on('error', () => {})
    }
  }
  const parsed = operation.parse(request, body ?? new Uint8Array(), stream)
  const input = parsed instanceof Promise ? await parsed : parsed
  progress.input = input
  const needs = operation.needs(input, call)
  if (needs) authoriseAll(needs instanceof Promise ? await needs : needs, call, service, progress)
  if (stream) proceed()
  const output = await operation.handle(input, call)
  return operation.write(output, call)
}

interface ReadForm {
  readonly form: Form | undefined
  readonly body: Uint8Array | undefined
}

/** Reads a Query form; an unsigned one in the body decides the service only now. */
function readForm(
  message: IncomingMessage,
  request: AwsRequest,
  found: Route,
  progress: Progress,
  proceed: () => void,
  deps: PipelineDeps,
): ReadForm | Promise<ReadForm> {
  if (found.service?.signingName === 's3' || found.form === 'none') {
    return { form: undefined, body: undefined }
  }
  if (found.form === 'query') {
    return { form: parseForm(request.rawQuery), body: undefined }
  }
  const parse = (body: Buffer): ReadForm => {
    const form = parseForm(body.toString('utf8'))
    if (found.claim === undefined) {
      const service = routeForm(form.get('Version'), deps.services)
      if (service) progress.service = service
    }
    return { form, body }
  }
  const body = readBuffered(message, maxFormBytes, proceed)
  return body instanceof Promise ? body.then(parse) : parse(body)
}

/** A promise only where the body has not come yet. Rejects, or throws, where it is too long. */
function readBuffered(
  message: IncomingMessage,
  maxBytes: number,
  proceed: () => void,
): Buffer | Promise<Buffer> {
  const length = announcedLength(message)
  if (length === 0) return Buffer.alloc(0)
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  const whole = wholeBody(message)
  if (whole && whole.length > maxBytes) throw tooLarge(maxBytes)
  if (whole) return whole
  proceed()
  return readAll(message, maxBytes)
}

function authoriseAll(
  needs: readonly Need[],
  call: Call,
  service: AwsService,
  progress: Progress,
): void {
  for (const need of needs) {
    const { allowed, message } = call.authorise(need)
    if (allowed) continue
    const { caller } = call
    const { message: text, ...details } = service.denied(message, need, caller)
    throw new Refusal(text, {
      ...details,
      facts: { denied: true, operation: progress.operation?.name },
    })
  }
}

function refuser(service: AwsService): RefuseAuthentication {
  return (failure, facts = {}) => {
    const { message, ...details } = service.authenticationErrors[failure](facts)
    return new Refusal(message, {
      ...details,
      facts: facts['link'] ? { denied: true } : { authentication: failure },
    })
  }
}

/** The header that tells the client its request's id: the same in all services but S3. */
function requestIdHeader({ service }: Progress): string {
  return service?.signingName === 's3' ? 'x-amz-request-id' : 'x-amzn-RequestId'
}
