/** Validation of a pod's volumes. */
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  required,
} from '../field-errors.ts'
import { dnsLabel } from '../names.ts'

// biome-ignore lint/suspicious/noExplicitAny: the API's open object
type Json = any

/** The errors of a list of volumes under `path`. */
export function volumeProblems(volumes: readonly Json[], path: string): FieldError[] {
  const names = new Set<string>()
  return volumes.flatMap((volume, i) => {
    const at = `${path}[${i}]`
    const problems: FieldError[] = []
    const sources = Object.keys(volume).filter((key) => key !== 'name')
    for (const extra of sources.slice(1)) {
      problems.push(forbiddenField(`${at}.${extra}`, 'may not specify more than 1 volume type'))
    }
    if (sources.length === 0) problems.push(required(at, 'must specify a volume type'))
    problems.push(...sourceProblems(volume, at))
    if (!volume.name) problems.push(required(`${at}.name`))
    else {
      for (const why of dnsLabel(volume.name)) {
        problems.push(invalidValue(`${at}.name`, volume.name, why))
      }
      if (names.has(volume.name)) problems.push(duplicate(`${at}.name`, volume.name))
    }
    names.add(volume.name)
    return problems
  })
}

function sourceProblems(volume: Json, path: string): FieldError[] {
  const problems: FieldError[] = []
  if (volume.hostPath && !volume.hostPath.path) problems.push(required(`${path}.hostPath.path`))
  if (volume.secret) {
    if (!volume.secret.secretName) problems.push(required(`${path}.secret.secretName`))
    problems.push(...itemProblems(volume.secret.items, `${path}.secret.items`))
  }
  if (volume.configMap) {
    if (!volume.configMap.name) problems.push(required(`${path}.configMap.name`))
    problems.push(...itemProblems(volume.configMap.items, `${path}.configMap.items`))
  }
  if (volume.downwardAPI) {
    problems.push(...downwardProblems(volume.downwardAPI.items, `${path}.downwardAPI`))
  }
  for (const [i, source] of (volume.projected?.sources ?? []).entries()) {
    problems.push(...projectionProblems(source, `${path}.projected.sources[${i}]`))
  }
  for (const kind of ['secret', 'configMap', 'downwardAPI', 'projected']) {
    const mode = volume[kind]?.defaultMode
    if (mode !== undefined && !(mode >= 0 && mode <= 0o777)) {
      const why = 'must be a number between 0 and 0777 (octal), both inclusive'
      problems.push(invalidValue(`${path}.${kind}.defaultMode`, mode, why))
    }
  }
  return problems
}

function projectionProblems(source: Json, path: string): FieldError[] {
  const kinds = Object.keys(source)
  const problems: FieldError[] = kinds
    .slice(1)
    .map((kind) => forbiddenField(`${path}.${kind}`, 'may not specify more than 1 volume type'))
  if (kinds.length === 0) problems.push(required(path, 'must specify one of the projected sources'))
  const token = source.serviceAccountToken
  if (token) {
    const at = `${path}.serviceAccountToken`
    const seconds = token.expirationSeconds
    if (seconds < 600) {
      const why = 'may not specify a duration less than 10 minutes'
      problems.push(invalidValue(`${at}.expirationSeconds`, seconds, why))
    }
    if (seconds > 2 ** 32) {
      const why = 'may not specify a duration larger than 2^32 seconds'
      problems.push(invalidValue(`${at}.expirationSeconds`, seconds, why))
    }
    problems.push(...pathProblems(token.path, `${at}.path`))
  }
  for (const kind of ['secret', 'configMap']) {
    if (!source[kind]) continue
    if (!source[kind].name) problems.push(required(`${path}.${kind}.name`))
    problems.push(...itemProblems(source[kind].items, `${path}.${kind}.items`))
  }
  if (source.downwardAPI) {
    problems.push(...downwardProblems(source.downwardAPI.items, `${path}.downwardAPI`))
  }
  return problems
}

function itemProblems(items: readonly Json[] | undefined, path: string): FieldError[] {
  return (items ?? []).flatMap((item, i) => [
    ...(item.key ? [] : [required(`${path}[${i}].key`)]),
    ...pathProblems(item.path, `${path}[${i}].path`),
  ])
}

function downwardProblems(items: readonly Json[] | undefined, path: string): FieldError[] {
  return (items ?? []).flatMap((item, i) => {
    const problems = pathProblems(item.path, `${path}[${i}].path`)
    if (!item.fieldRef && !item.resourceFieldRef) {
      problems.push(required(`${path}[${i}]`, 'one of fieldRef and resourceFieldRef is required'))
    }
    return problems
  })
}

function pathProblems(path: string | undefined, field: string): FieldError[] {
  if (!path) return [required(field)]
  const problems: FieldError[] = []
  if (path.startsWith('/')) problems.push(invalidValue(field, path, 'must be a relative path'))
  if (path.split('/').includes('..')) {
    problems.push(invalidValue(field, path, "must not contain '..'"))
  } else if (path.startsWith('..')) {
    problems.push(invalidValue(field, path, "must not start with '..'"))
  }
  return problems
}
