/** Makes an AWS service of its API model, its table of operations and what they need. */
import { Refusal } from '../../kernel/refusal.ts'
import type { Caller } from '../caller.ts'
import {
  jsonAuthenticationErrors,
  queryAuthenticationErrors,
  restJsonAuthenticationErrors,
} from '../gateway/authentication-errors.ts'
import type {
  AwsRequest,
  AwsResponse,
  AwsService,
  BoundOperation,
  Call,
  Need,
  Operation,
  WireError,
} from '../operation.ts'
import { type Constraints, createConstraintCheck, type Wording } from './constraints.ts'
import { parseJsonRpc, writeJsonRpc, writeJsonRpcError } from './json.ts'
import type { Protocol, ServiceModel } from './model.ts'
import { parseQuery, writeQuery, writeQueryError } from './query.ts'
import { prefersJson, writeQueryErrorJson, writeQueryJson } from './query-json.ts'
import { parseRestJson, writeRestJson, writeRestJsonError } from './rest-json.ts'
import { createRouter } from './route.ts'
import type { Values } from './scalar.ts'

/** An operation as the table holds it: inputs and outputs are checked where it is written, not here. */
// biome-ignore lint/suspicious/noExplicitAny: a table of many operations has no one input type
export type TableOperation<Deps> = Operation<any, any, Deps>

export interface ServiceDefinition<Deps> {
  readonly model: ServiceModel
  /**
   * Every operation of the model: `as const satisfies Record<OperationName, object | 'not-implemented'>` makes
   * forgetting one a compile error.
   */
  readonly operations: Readonly<Record<string, TableOperation<Deps> | 'not-implemented'>>
  readonly deps: Deps
  /** Limits of the fields that the service keeps; required members are checked without being named here. */
  readonly constraints?: Constraints
  /** How the service words what breaks them. */
  readonly wording?: Wording
  /** Code of a failed constraint; default `ValidationError` (query), `ValidationException` (others). */
  readonly validationCode?: string
  /** Default 1 MiB. */
  readonly maxBodyBytes?: number
}

/** Binds a query, json or rest-json service. (S3 routes for itself and uses rest-xml.ts directly.) */
export function bindService<Deps>(definition: ServiceDefinition<Deps>): AwsService {
  const { model } = definition
  const protocol = model.protocol
  if (protocol === 'rest-xml') throw new Error('rest-xml services bind themselves')
  const found = finders[protocol](definition)
  const denialCode = protocol === 'query' ? 'AccessDenied' : 'AccessDeniedException'
  return {
    signingName: model.service,
    apiVersion: model.version,
    ...(model.targetPrefix ? { targetPrefixes: [model.targetPrefix] } : {}),
    match: found,
    writeError: (error, call) => writeError(model, error, call),
    authenticationErrors: authenticationErrors[protocol],
    denied: (message: string, _need: Need, _caller: Caller): WireError => ({
      code: denialCode,
      status: protocol === 'json' ? 400 : 403,
      message,
    }),
  }
}

const authenticationErrors = {
  query: queryAuthenticationErrors,
  json: jsonAuthenticationErrors,
  'rest-json': restJsonAuthenticationErrors,
}

type Finder = <Deps>(definition: ServiceDefinition<Deps>) => AwsService['match']

const finders: Readonly<Record<Exclude<Protocol, 'rest-xml'>, Finder>> = {
  query: (definition) => {
    const { model } = definition
    const table = bindTable(definition, (output, name, id) => writeQuery(model, name, output, id))
    const inJson: Write = (output, name, id) => writeQueryJson(model, name, output, id)
    return (request, form) => {
      const action = form?.get('Action')
      if (!form || !action) {
        throw new Refusal('The request must contain the parameter Action.', {
          code: 'MissingAction',
          status: 400,
        })
      }
      const version = form.get('Version') ?? 'NO_VERSION_SPECIFIED'
      const bind = version === model.version ? table.get(action) : undefined
      if (!bind) {
        throw new Refusal(`Could not find operation ${action} for version ${version}`, {
          code: 'InvalidAction',
          status: 400,
        })
      }
      const write = prefersJson(request.headers.get('accept')) ? inJson : undefined
      return bind(() => parseQuery(model, action, form), write)
    }
  },
  json: (definition) => {
    const { model } = definition
    const table = bindTable(definition, (output, name) => writeJsonRpc(model, name, output))
    return (request) => {
      const name = (request.headers.get('x-amz-target') ?? '').split('.').at(-1) ?? ''
      const bind = table.get(name)
      if (!bind) throw unknownOperation()
      return bind((_request, body) => parseJsonRpc(model, name, body))
    }
  },
  'rest-json': (definition) => {
    const { model } = definition
    const route = createRouter(model)
    const table = bindTable(definition, (output, name) => {
      return writeRestJson(model, name, output)
    })
    return (request) => {
      const routed = route(request.method, request.rawPath, request.rawQuery)
      const bind = routed && table.get(routed.operation)
      if (!bind) throw unknownOperation(404)
      const { operation, labels } = routed
      return bind((given, body) => parseRestJson(model, operation, given, labels, body))
    }
  },
}

type Parse = (request: AwsRequest, body: Uint8Array) => Values
type Write = (output: Values | undefined, operation: string, requestId: string) => AwsResponse

type Bind = (parse: Parse, write?: Write) => BoundOperation

/** For each operation of the model: given how this request is parsed, the bound operation; or its refusal. */
function bindTable<Deps>(
  { model, operations, deps, ...options }: ServiceDefinition<Deps>,
  write: Write,
): ReadonlyMap<string, Bind> {
  const check = createConstraintCheck(model, options.constraints, options.wording)
  const validationCode =
    options.validationCode ??
    (model.protocol === 'query' ? 'ValidationError' : 'ValidationException')
  const table = new Map<string, Bind>()
  for (const name of Object.keys(model.operations)) {
    const operation = operations[name]
    if (!operation || operation === 'not-implemented') {
      table.set(name, () => {
        throw notImplemented(model, name)
      })
      continue
    }
    const { access } = operation
    const fixed = {
      name,
      body: 'buffered' as const,
      maxBodyBytes: options.maxBodyBytes ?? 1_048_576,
      allowAnonymous: access === 'anyone',
      ignoresSignature: access === 'anyone',
      needs: (input: unknown, call: Call) =>
        typeof access === 'function' ? access(input, call, deps) : undefined,
      handle: (input: unknown, call: Call) => operation.handle(input, call, deps),
    }
    const writing = (how: Write) => ({
      write: (output: unknown, call: Call) =>
        how((output ?? undefined) as Values | undefined, name, call.requestId),
    })
    const usual = { ...fixed, ...writing(write) }
    table.set(name, (parse, otherWrite) => ({
      ...(otherWrite ? { ...fixed, ...writing(otherWrite) } : usual),
      parse(request, body) {
        const input = parse(request, body)
        const problem = check(name, input)
        if (problem !== undefined) throw new Refusal(problem, { code: validationCode, status: 400 })
        return input
      },
    }))
  }
  return table
}

/** 4xx or 501: clients retry 500, 502, 503 and 504, some for minutes. */
function notImplemented(model: ServiceModel, operation: string): Refusal {
  const query = model.protocol === 'query'
  return new Refusal(`Podpass does not implement ${model.service}:${operation}.`, {
    code: query ? 'NotImplemented' : 'UnknownOperationException',
    status: query ? 501 : 400,
  })
}

function unknownOperation(status = 400): Refusal {
  return new Refusal('The requested operation is not recognized by the service.', {
    code: 'UnknownOperationException',
    status,
  })
}

function writeError(
  model: ServiceModel,
  error: WireError,
  { requestId, accept }: { requestId: string; accept?: string | undefined },
): AwsResponse {
  switch (model.protocol) {
    case 'query':
      return prefersJson(accept)
        ? writeQueryErrorJson(error, requestId)
        : writeQueryError(model, error, requestId)
    case 'json':
      return writeJsonRpcError(error)
    default:
      return writeRestJsonError(error)
  }
}
