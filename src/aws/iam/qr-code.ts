/** QR codes (ISO/IEC 18004) as PNG: byte mode, level L, up to version 10, always mask 0. */
import { crc32, deflateSync } from 'node:zlib'

/** By version, from 1: codewords of error correction in a block, and the data codewords of each block. */
const blocksOf: readonly (readonly [correction: number, blocks: readonly number[]])[] = [
  [7, [19]],
  [10, [34]],
  [15, [55]],
  [20, [80]],
  [26, [108]],
  [18, [68, 68]],
  [20, [78, 78]],
  [24, [97, 97]],
  [30, [116, 116]],
  [18, [68, 68, 69, 69]],
]

const modulePixels = 4
const quietModules = 4

/** The code of a text as an image; undefined where the text is too long (more than 271 bytes). */
export function qrCodePng(text: string): Uint8Array | undefined {
  const matrix = qrMatrix(Buffer.from(text))
  return matrix && png(matrix)
}

export type Matrix = readonly (readonly boolean[])[]

/** The modules, row by row: true is dark. */
export function qrMatrix(data: Buffer): Matrix | undefined {
  const index = blocksOf.findIndex(([, blocks], at) => {
    const room = blocks.reduce((sum, size) => sum + size, 0)
    return data.length + (at + 1 < 10 ? 2 : 3) <= room
  })
  if (index < 0) return undefined
  const version = index + 1
  const canvas = new Canvas(17 + 4 * version)
  drawPatterns(canvas, version)
  drawData(canvas, codewords(data, version))
  drawFormat(canvas)
  return canvas.dark
}

/** Data in blocks, each with its correction, dealt out in turn. */
function codewords(data: Buffer, version: number): number[] {
  const [correction, blocks] = blocksOf[version - 1] ?? [0, []]
  const room = blocks.reduce((sum, size) => sum + size, 0)
  let bits = `0100${data.length.toString(2).padStart(version < 10 ? 8 : 16, '0')}`
  for (const byte of data) bits += byte.toString(2).padStart(8, '0')
  bits += '0000'
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0').slice(0, room * 8)
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))
  for (let pad = 0; bytes.length < room; pad ^= 1) bytes.push(pad === 0 ? 0xec : 0x11)
  let from = 0
  const parts = blocks.map((size) => {
    const part = bytes.slice(from, from + size)
    from += size
    return { part, check: remainder(part, correction) }
  })
  return [...dealt(parts.map(({ part }) => part)), ...dealt(parts.map(({ check }) => check))]
}

function dealt(parts: readonly (readonly number[])[]): number[] {
  const longest = Math.max(...parts.map((part) => part.length))
  return Array.from({ length: longest }, (_, at) => parts.flatMap((part) => part[at] ?? [])).flat()
}

/** Reed-Solomon over GF(256) with x⁸+x⁴+x³+x²+1. */
function remainder(data: readonly number[], degree: number): number[] {
  let generator = [1]
  for (let power = 0, root = 1; power < degree; power += 1, root = times(root, 2)) {
    const next = [...generator, 0]
    for (const [at, factor] of generator.entries())
      next[at + 1] = (next[at + 1] ?? 0) ^ times(factor, root)
    generator = next
  }
  const rest = [...data, ...new Array<number>(degree).fill(0)]
  for (let at = 0; at < data.length; at += 1) {
    const factor = rest[at] ?? 0
    for (const [step, coefficient] of generator.entries()) {
      rest[at + step] = (rest[at + step] ?? 0) ^ times(coefficient, factor)
    }
  }
  return rest.slice(data.length)
}

function times(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ (product >> 7 ? 0x11d : 0)
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

class Canvas {
  readonly size: number
  readonly dark: boolean[][]
  /** Modules that hold no data. */
  readonly #reserved: boolean[][]

  constructor(size: number) {
    this.size = size
    this.dark = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
    this.#reserved = Array.from({ length: size }, () => new Array<boolean>(size).fill(false))
  }

  isReserved(x: number, y: number): boolean {
    return this.#reserved[y]?.[x] ?? true
  }

  set(x: number, y: number, dark: boolean): void {
    const row = this.dark[y]
    if (row && x >= 0 && x < this.size) row[x] = dark
  }

  reserve(x: number, y: number, dark: boolean): void {
    this.set(x, y, dark)
    const row = this.#reserved[y]
    if (row && x >= 0 && x < this.size) row[x] = true
  }
}

function drawPatterns(canvas: Canvas, version: number): void {
  const { size } = canvas
  for (let at = 0; at < size; at += 1) {
    canvas.reserve(6, at, at % 2 === 0)
    canvas.reserve(at, 6, at % 2 === 0)
  }
  for (const [x, y] of [
    [3, 3],
    [size - 4, 3],
    [3, size - 4],
  ] as const)
    square(canvas, x, y, 4, [3, 1, 0])
  const places = alignmentPlaces(version)
  const last = places.at(-1) ?? 0
  for (const x of places) {
    for (const y of places) {
      const finder = (x === 6 && (y === 6 || y === last)) || (x === last && y === 6)
      if (!finder) square(canvas, x, y, 2, [2, 0])
    }
  }
  for (let at = 0; at < 9; at += 1) {
    if (at !== 6) {
      canvas.reserve(8, at, false)
      canvas.reserve(at, 8, false)
    }
    if (at < 8) {
      canvas.reserve(8, size - 1 - at, at === 7)
      canvas.reserve(size - 1 - at, 8, false)
    }
  }
  if (version >= 7) drawVersion(canvas, version)
}

/** A pattern around a centre: dark at the distances given. */
function square(
  canvas: Canvas,
  x: number,
  y: number,
  radius: number,
  rings: readonly number[],
): void {
  for (let dy = -radius; dy <= radius; dy += 1) {
    for (let dx = -radius; dx <= radius; dx += 1) {
      const inside = x + dx >= 0 && x + dx < canvas.size && y + dy >= 0 && y + dy < canvas.size
      if (inside)
        canvas.reserve(x + dx, y + dy, rings.includes(Math.max(Math.abs(dx), Math.abs(dy))))
    }
  }
}

function alignmentPlaces(version: number): readonly number[] {
  if (version === 1) return []
  const last = 10 + 4 * version
  return version < 7 ? [6, last] : [6, (6 + last) / 2, last]
}

function drawVersion(canvas: Canvas, version: number): void {
  let rest = version
  for (let bit = 0; bit < 12; bit += 1) rest = (rest << 1) ^ ((rest >> 11) * 0x1f25)
  const bits = (version << 12) | rest
  for (let at = 0; at < 18; at += 1) {
    const dark = ((bits >> at) & 1) === 1
    const [a, b] = [canvas.size - 11 + (at % 3), Math.floor(at / 3)]
    canvas.reserve(a, b, dark)
    canvas.reserve(b, a, dark)
  }
}

/** Level L and mask 0, twice. */
function drawFormat(canvas: Canvas): void {
  const data = 0b01_000
  let rest = data
  for (let bit = 0; bit < 10; bit += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537)
  const bits = ((data << 10) | rest) ^ 0x5412
  const { size } = canvas
  for (let at = 0; at < 15; at += 1) {
    const dark = ((bits >> at) & 1) === 1
    if (at < 6) canvas.set(8, at, dark)
    else if (at < 8) canvas.set(8, at + 1, dark)
    else if (at === 8) canvas.set(7, 8, dark)
    else canvas.set(14 - at, 8, dark)
    if (at < 8) canvas.set(size - 1 - at, 8, dark)
    else canvas.set(8, size - 15 + at, dark)
  }
}

/** Bits go up and down in columns of two, from the right; the mask turns every second module. */
function drawData(canvas: Canvas, words: readonly number[]): void {
  let bit = 0
  for (let right = canvas.size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5
    for (let step = 0; step < canvas.size; step += 1) {
      const y = ((right + 1) & 2) === 0 ? canvas.size - 1 - step : step
      for (const x of [right, right - 1]) {
        if (canvas.isReserved(x, y)) continue
        const value = ((words[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1
        canvas.set(x, y, (value === 1) !== ((x + y) % 2 === 0))
        bit += 1
      }
    }
  }
}

/** Grey, one byte a pixel. */
function png(matrix: Matrix): Uint8Array {
  const side = (matrix.length + 2 * quietModules) * modulePixels
  const rows = Buffer.alloc(side * (side + 1), 0xff)
  for (let y = 0; y < side; y += 1) {
    rows[y * (side + 1)] = 0
    const row = matrix[Math.floor(y / modulePixels) - quietModules]
    for (let x = 0; x < side; x += 1) {
      if (row?.[Math.floor(x / modulePixels) - quietModules]) rows[y * (side + 1) + 1 + x] = 0
    }
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 8
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}
