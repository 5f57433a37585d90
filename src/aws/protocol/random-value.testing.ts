/** Random inputs and outputs by an API model, for the round trips against AWS's own clients. Test code only. */
import type { Member, ServiceModel, Shape } from './model.ts'
import { shapeOf } from './model.ts'
import type { Values } from './scalar.ts'

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
export type Random = () => number

export function seeded(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const words = [
  'a',
  'reader',
  'arn:aws:iam::111122223333:role/path/x',
  '<&>"\'',
  'two words',
  'a+b%2Fc=&d',
  'größe 日本 🐙',
  '{"Version":"2012-10-17"}',
  'line\nbreak',
]
const headerWords = ['a', 'reader', '"etag"', 'text/plain; charset=utf-8', 'a=b&c=d']

/** A value of the structure `name`: required members always, others mostly not, deeper ones less. */
export function randomStructure(model: ServiceModel, name: string, random: Random): Values {
  return new Generator(model, random).structure(shapeOf(model, name), 0)
}

class Generator {
  readonly #model: ServiceModel
  readonly #random: Random

  constructor(model: ServiceModel, random: Random) {
    this.#model = model
    this.#random = random
  }

  structure(shape: Shape, depth: number): Values {
    if (shape.kind !== 'structure') throw new Error('not a structure')
    const values: Values = {}
    for (const [name, member] of Object.entries(shape.members)) {
      const wanted = shape.required.includes(name) || /path|payload/.test(member.in ?? '')
      if (!wanted && this.#random() > 0.7 / (depth + 1)) continue
      if (depth > 5) continue
      values[name] = this.#member(member, depth)
    }
    // An empty structure in a form or a flat list cannot be told from none.
    const [first] = Object.entries(shape.members)
    if (first && Object.keys(values).length === 0 && depth > 0 && depth < 8) {
      values[first[0]] = this.#member(first[1], depth)
    }
    return values
  }

  #member(member: Member, depth: number): unknown {
    const shape = shapeOf(this.#model, member.shape)
    const plain = member.in === 'header' || member.in === 'prefix-headers' || member.xmlAttribute
    return this.#value(shape, depth, plain ? headerWords : words)
  }

  #value(shape: Shape, depth: number, texts: readonly string[]): unknown {
    const random = this.#random
    switch (shape.kind) {
      case 'structure':
        return this.structure(shape, depth + 1)
      case 'list':
        return Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
          this.#value(shapeOf(this.#model, shape.of.shape), depth + 1, texts),
        )
      case 'map':
        return Object.fromEntries(
          Array.from({ length: 1 + Math.floor(random() * 2) }, (_, index) => [
            `key${index}`,
            this.#value(shapeOf(this.#model, shape.value.shape), depth + 1, texts),
          ]),
        )
      case 'number':
        return Math.floor(random() * 100_000)
      case 'boolean':
        return random() < 0.5
      case 'timestamp':
        return new Date(Math.floor(random() * 2_000_000_000) * 1000)
      case 'blob':
        return new Uint8Array(Buffer.from(texts[Math.floor(random() * texts.length)] ?? ''))
      case 'document':
        return { any: ['thing', 1] }
      default:
        return texts[Math.floor(random() * texts.length)]
    }
  }
}

/** Without what no wire can tell apart: undefined members, empty lists, maps and structures. */
export function tidy(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .map(([key, item]): [string, unknown] => [key, tidy(item)])
    .filter(([, item]) => {
      return (
        item !== undefined && !(typeof item === 'object' && Object.keys(item ?? {}).length === 0)
      )
    })
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
