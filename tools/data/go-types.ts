/** Reads Go struct declarations with json and protobuf tags, as Kubernetes' API packages write them. */

export interface GoField {
  /** Name in JSON; empty for a struct that is inlined. */
  readonly json: string
  /** Field number in protobuf; 0 where it has none. */
  readonly number: number
  /** Type code: see `typeCode`. */
  readonly type: string
  readonly isPointer: boolean
  readonly isRequired: boolean
  /** Go writes it to JSON even when it is empty. */
  readonly isAlwaysWritten: boolean
  readonly doc: string
  /** pk patch merge key, ps patch strategy, lt list type, lk list map keys, mt map type, en enum values, df default. */
  readonly extra: Record<string, unknown>
}

export interface GoType {
  readonly doc: string
  /** Server-side apply owns it whole, wherever it stands. */
  readonly isAtomic?: boolean
  /** Of a struct. */
  readonly fields?: GoField[]
  /** Of a named type: the code of what it is. */
  readonly alias?: string
}

const wellKnown: Readonly<Record<string, string>> = {
  string: 's',
  bool: 'b',
  int: 'i',
  int32: 'i',
  int64: 'i',
  uint32: 'i',
  uint64: 'i',
  float64: 'n',
  '[]byte': 'y',
  'meta.v1.Time': 't',
  'meta.v1.MicroTime': 'u',
  'meta.v1.FieldsV1': 'f',
  'resource.Quantity': 'q',
  'intstr.IntOrString': 'o',
  'runtime.RawExtension': 'r',
  'runtime.Object': 'r',
  'types.UID': 's',
  'types.NodeName': 's',
  'meta.v1.TypeMeta': 'T',
}
const packages: Readonly<Record<string, string>> = {
  metav1: 'meta.v1',
  v1: 'core.v1',
  corev1: 'core.v1',
  v11: 'core.v1',
  apiv1: 'core.v1',
}

/** Adds the types of one file to `types`, under names as `core.v1.Pod`; references are resolved against all read. */
export function parseGoTypes(source: string, packageName: string, types: Map<string, GoType>) {
  const lines = source.split('\n')
  const enums = enumValues(source)
  const aliases = aliasesOf(source, packageName)
  let comment: string[] = []
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? ''
    const trimmed = line.trim()
    if (trimmed.startsWith('//')) {
      comment.push(trimmed.slice(2))
      continue
    }
    const struct = /^type (\w+) struct \{(\})?$/.exec(trimmed)
    if (struct && !struct[2]) {
      const end = lines.indexOf('}', i)
      const context = { packageName, aliases, enums }
      const fields = parseFields(lines.slice(i + 1, end), context)
      const isAtomic = markersOf(comment).get('structType')?.[0] === 'atomic'
      types.set(`${packageName}.${struct[1]}`, { doc: docOf(comment), isAtomic, fields })
      i = end
    }
    if (trimmed !== '' || comment.length > 0) comment = []
  }
}

interface Context {
  readonly packageName: string
  readonly aliases: ReadonlyMap<string, string>
  readonly enums: ReadonlyMap<string, string[]>
}

function aliasesOf(source: string, packageName: string): Map<string, string> {
  const aliases = new Map<string, string>()
  for (const [, name = '', target = ''] of source.matchAll(/^type (\w+) ([\w.[\]*]+)$/gm)) {
    if (target !== 'struct') aliases.set(`${packageName}.${name}`, target)
  }
  return aliases
}

/** Constants of the types that are marked as enumerations. */
function enumValues(source: string): Map<string, string[]> {
  const marked = new Set<string>()
  for (const [, block = '', name = ''] of source.matchAll(/((?:^\/\/.*\n)+)type (\w+) string$/gm)) {
    if (block.includes('+enum')) marked.add(name)
  }
  const values = new Map<string, string[]>()
  for (const [, type = '', value = ''] of source.matchAll(/^\s+\w+\s+(\w+)\s*=\s*"([^"]*)"/gm)) {
    if (marked.has(type)) values.set(type, [...(values.get(type) ?? []), value])
  }
  return values
}

function parseFields(lines: readonly string[], context: Context): GoField[] {
  const fields: GoField[] = []
  let comment: string[] = []
  for (const line of lines) {
    const trimmed = line.trim()
    if (trimmed.startsWith('//')) {
      comment.push(trimmed.slice(2))
      continue
    }
    const match = /^(?:(\w+)\s+)?([\w.*[\]]+)\s+`([^`]*)`/.exec(trimmed)
    if (match) {
      const field = parseField(match[2] ?? '', match[3] ?? '', comment, context)
      if (field) fields.push(field)
    }
    comment = []
  }
  return fields
}

function parseField(
  goType: string,
  tags: string,
  comment: readonly string[],
  context: Context,
): GoField | undefined {
  const [json = '', ...options] = (tagOf(tags, 'json') ?? '').split(',')
  const type = typeCode(goType.replace(/^\*/, ''), context)
  const isInline = options.includes('inline') || (json === '' && tagOf(tags, 'json') !== undefined)
  if (type === 'T' || json === '-' || (!json && !isInline)) return undefined
  const isPointer = goType.startsWith('*')
  const markers = markersOf(comment)
  const isOptional = options.includes('omitempty') || markers.has('optional')
  return {
    json,
    number: Number((tagOf(tags, 'protobuf') ?? '').split(',')[1] ?? 0),
    type,
    isPointer,
    isRequired: !isOptional && !isInline,
    isAlwaysWritten: !options.includes('omitempty') && !isInline,
    doc: docOf(comment),
    extra: extraOf(goType, tags, markers, context),
  }
}

function extraOf(
  goType: string,
  tags: string,
  markers: ReadonlyMap<string, string[]>,
  context: Context,
): Record<string, unknown> {
  const base = goType.replace(/^[*[\]]+/, '')
  const values = context.enums.get(base)
  const byTag = { pk: tagOf(tags, 'patchMergeKey'), ps: tagOf(tags, 'patchStrategy') }
  const byMarker = {
    lt: markers.get('listType')?.[0],
    lk: markers.get('listMapKey'),
    mt: markers.get('mapType')?.[0] ?? markers.get('structType')?.[0],
    df: markers.get('default')?.[0],
  }
  const all = { ...byTag, ...byMarker, en: values && [...new Set(values)].sort() }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function tagOf(tags: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}:"([^"]*)"`).exec(tags)?.[1]
}

function markersOf(comment: readonly string[]): Map<string, string[]> {
  const markers = new Map<string, string[]>()
  for (const line of comment) {
    const match = /^\s*\+(?:k8s:\w+:)?(\w+)(?:=(.*))?$/.exec(line)
    if (!match?.[1]) continue
    markers.set(match[1], [...(markers.get(match[1]) ?? []), (match[2] ?? '').trim()])
  }
  return markers
}

/**
 * One letter for a plain type (s string, i integer, b bool, n number, y bytes, t Time, u MicroTime, q Quantity,
 * o IntOrString, r RawExtension, f FieldsV1), `[` before a list's, `{` before a map's, `#name` for a struct,
 * `L` before the element of a named list that is a message of its own in protobuf.
 */
function typeCode(goType: string, context: Context): string {
  const plain = wellKnown[goType]
  if (plain) return plain
  if (goType.startsWith('[]')) return `[${typeCode(goType.slice(2).replace(/^\*/, ''), context)}`
  const map = /^map\[[\w.]+\](.+)$/.exec(goType)
  if (map?.[1]) return `{${typeCode(map[1], context)}`
  const full = qualified(goType, context.packageName)
  if (wellKnown[full]) return wellKnown[full]
  const alias = context.aliases.get(full)
  if (alias?.startsWith('[]')) return `L${typeCode(alias.slice(2), context)}`
  if (alias) return typeCode(alias, context)
  return namedElsewhere[full] ?? `#${full}`
}

/** Named plain types that other packages than their own use. */
const namedElsewhere: Readonly<Record<string, string>> = {
  'core.v1.PodConditionType': 's',
  'core.v1.ResourceName': 's',
  'meta.v1.StatusReason': 's',
  'core.v1.Protocol': 's',
  'core.v1.ConditionStatus': 's',
  'core.v1.PersistentVolumeReclaimPolicy': 's',
  'core.v1.PersistentVolumeMode': 's',
  'core.v1.ServiceInternalTrafficPolicyType': 's',
  'core.v1.PreemptionPolicy': 's',
  'core.v1.ResourceList': '{q',
}

function qualified(goType: string, packageName: string): string {
  const [prefix, name] = goType.includes('.') ? goType.split('.') : ['', goType]
  if (!prefix) return `${packageName}.${name}`
  return `${packages[prefix] ?? prefix}.${name}`
}

/** The text of a comment as Kubernetes' OpenAPI shows it: markers out, lines joined into paragraphs. */
function docOf(comment: readonly string[]): string {
  let doc = ''
  for (const raw of comment) {
    const line = raw.trimEnd()
    const text = line.trim()
    if (text === '---') break
    if (text.startsWith('+') || text.startsWith('TODO')) continue
    if (text === '') doc = doc && `${doc.trimEnd()}\n\n`
    else if (/^\s*[-*\t]/.test(line) || line.startsWith('  ')) {
      doc += `${doc && !doc.endsWith('\n') ? '\n' : ''}${text}\n`
    } else doc += `${doc && !doc.endsWith('\n') ? ' ' : ''}${text}`
  }
  return doc.trim()
}
