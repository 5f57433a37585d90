/** Content negotiation: the forms in which an answer can be given. */
import { statusRefusal } from '../status.ts'

/** What the client gets: the object, a Table, metadata only, or aggregated discovery; as JSON or YAML. */
export interface AnswerForm {
  readonly as: 'object' | 'table' | 'metadata' | 'discovery'
  readonly yaml: boolean
  /** Content type to answer with. */
  readonly contentType: string
}

const supported = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'

/** The first form of the Accept header that the server has; none: 406. Protobuf is never answered. */
export function answerForm(accept: string | undefined): AnswerForm {
  for (const range of (accept || '*/*').split(',')) {
    const [type = '', ...parameters] = range.trim().split(';')
    const options = new Map(parameters.map((p) => p.trim().split('=', 2) as [string, string]))
    const form = formOf(type.trim().toLowerCase(), options)
    if (form) return form
  }
  const message = `only the following media types are accepted: ${supported}`
  throw statusRefusal(406, 'NotAcceptable', message)
}

function formOf(type: string, options: ReadonlyMap<string, string>): AnswerForm | undefined {
  const as = options.get('as')
  if (type === 'application/json') {
    if (as === undefined) return { as: 'object', yaml: false, contentType: 'application/json' }
    if (as === 'Table' && options.get('g') === 'meta.k8s.io' && options.get('v') === 'v1') {
      return { as: 'table', yaml: false, contentType: 'application/json' }
    }
    if (as.startsWith('PartialObjectMetadata') && options.get('v') === 'v1') {
      return { as: 'metadata', yaml: false, contentType: 'application/json' }
    }
    if (as === 'APIGroupDiscoveryList' && options.get('v') === 'v2') {
      return {
        as: 'discovery',
        yaml: false,
        contentType: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
      }
    }
    return undefined
  }
  if (as !== undefined) return undefined
  if (type === 'application/yaml') return { as: 'object', yaml: true, contentType: type }
  const isAny = type === '*/*' || type === 'application/*' || type === ''
  return isAny ? { as: 'object', yaml: false, contentType: 'application/json' } : undefined
}
