/** The story as text: from its results only, so that one run can be told in each language. */
import { type CliContext, paint } from '../context.ts'
import { padTo, pageWidth, widthOf, wrap } from './layout.ts'
import { definitions } from './pod-script.ts'
import { commandLines, outputLines, shortened } from './shell-lines.ts'
import {
  type AttackResult,
  attackNames,
  isBreach,
  type PodTwoResult,
  type StepResult,
  type StoryResult,
  type WorldName,
  worldNames,
} from './story.ts'
import type { StoryText } from './text.ts'

type Painter = Pick<CliContext, 'color'>

const cellWidth = 16
const firstWidth = 17

export interface StoryPainter {
  opening(): string
  world(world: WorldName): string
  podTwo(result: PodTwoResult): string
  attack(world: WorldName, result: AttackResult): string
  /** The table and the verdict on it. */
  table(story: Pick<StoryResult, 'worlds' | 'agrees' | 'seconds'>): string
}

export function storyPainter(context: Painter, text: StoryText): StoryPainter {
  const color: Color = (style, line) => paint(context as CliContext, style, line)
  return {
    opening: () =>
      lines([
        '',
        `  ${color('bold', text.title)}`,
        '',
        ...text.opening.flatMap((each) => [...paragraph(each), '']),
        ...paragraph(text.definition),
        '',
        ...definitions.map((line) => color('dim', `    ${line}`)),
      ]),
    world: (world) => {
      const head = `${worldNames.indexOf(world) + 1}/${worldNames.length}  ${text.worlds[world]}`
      const title = color(['bold', 'cyan'], head)
      return lines(['', '', `  ${title}`, '', ...paragraph(text.rights[world])])
    },
    podTwo: ({ readsRow, steps, deciding }) => {
      const mark = readsRow ? color('green', '✔') : color('red', '✘')
      const head = `  ${mark} ${readsRow ? text.podTwoReads : text.podTwoFails}`
      const why = deciding ? paragraph(deciding.summary, 6) : []
      return lines([
        '',
        head,
        ...stepLines(steps, color),
        ...why.map((line) => color('dim', line)),
        '',
        `  ${text.cracked}`,
      ])
    },
    attack: (world, result) =>
      lines([
        '',
        `  ${attackNames.indexOf(result.attack) + 1}. ${text.attacks[result.attack]}`,
        ...stepLines(result.steps, color),
        ...decidedLines(result, text, color),
        ...lessonLines(world, result, text, color),
      ]),
    table: (story) =>
      lines([
        '',
        '',
        `  ${color('bold', text.table)}`,
        '',
        ...tableLines(text, story.worlds, color),
        '',
        ...text.legend.flatMap((each) => paragraph(each).map((line) => color('dim', line))),
        '',
        ...verdict(text, story, color),
      ]),
  }
}

const lines = (all: readonly string[]) => `${all.join('\n')}\n`

function paragraph(text: string, indent = 2): string[] {
  return wrap(text, pageWidth - indent).map((line) => ' '.repeat(indent) + line)
}

function stepLines(steps: readonly StepResult[], color: Color): string[] {
  return steps.flatMap((step) => [
    ...commandLines(step.command, 6).map((line) => color('bold', line)),
    ...outputLines(step.output, 8).map((line) => color('dim', line)),
  ])
}

/** The link, and in its own words why. */
function decidedLines(
  { deciding, outcome }: AttackResult,
  text: StoryText,
  color: Color,
): string[] {
  const mark = isBreach(outcome) ? color('red', '✘') : color('green', '✔')
  if (!deciding) return [`      ${mark} ${text.unknown}`]
  const word = deciding.outcome === 'allowed' ? text.letThrough : text.refused
  const head = `      ${mark} ${color('bold', `${word} ${text.links[deciding.link]}`)}`
  const why = shortened(paragraph(deciding.summary, 8), 2)
  return [head, ...why.map((line) => color('dim', line))]
}

/** What is to be learned from it; where it came out otherwise, what the real systems do. */
function lessonLines(
  world: WorldName,
  { attack, agrees, outcome, expected }: AttackResult,
  text: StoryText,
  color: Color,
): string[] {
  if (agrees) {
    const style = isBreach(outcome) ? 'red' : 'green'
    return paragraph(text.lessons[world][attack] ?? '', 8).map((line, n) =>
      color(style, n === 0 ? line.replace(/^ {8}/, '      → ') : line),
    )
  }
  const real = `${text.outcomes[expected.outcome]}, ${text.links[expected.link]} (${expected.source})`
  return paragraph(`${text.elsewhere}: ${real}`, 8).map((line) => color('yellow', line))
}

type Color = (style: Parameters<typeof paint>[1], line: string) => string

/** A row of two lines an attack: what was gained, and below it the link. */
function tableLines(text: StoryText, worlds: StoryResult['worlds'], color: Color): string[] {
  const row = (
    first: string,
    cells: readonly string[],
    style: (n: number, line: string) => string,
  ) =>
    `  ${padTo(first, firstWidth)}${cells.map((cell, n) => style(n, padTo(cell, cellWidth))).join('')}`.trimEnd()
  const head = row(
    '',
    worlds.map(({ world }) => text.worlds[world].replace(/^EKS /, '')),
    (_, line) => color('bold', line),
  )
  const body = attackNames.flatMap((attack) => {
    const cells = worlds.map(({ attacks }) => attacks.find((one) => one.attack === attack))
    const [first, second] = text.attacksShort[attack]
    const marked = cells.map((cell) =>
      cell ? `${markOf(cell)} ${text.outcomes[cell.outcome]}` : '-',
    )
    const links = cells.map((cell) => (cell?.deciding ? `  ${text.links[cell.deciding.link]}` : ''))
    return [
      row(first, marked, (n, line) => (cells[n] ? color(colorOf(cells[n]), line) : line)),
      row(second, links, (_, line) => color('dim', line)),
      '',
    ]
  })
  return [head, '', ...body.slice(0, -1)]
}

function markOf({ outcome }: AttackResult): string {
  return isBreach(outcome) ? '✘' : '✔'
}

function colorOf({ outcome, agrees }: AttackResult): 'yellow' | 'red' | 'green' {
  if (!agrees) return 'yellow'
  return isBreach(outcome) ? 'red' : 'green'
}

function verdict(
  text: StoryText,
  story: Pick<StoryResult, 'worlds' | 'agrees' | 'seconds'>,
  color: Color,
): string[] {
  const time = `(${story.seconds.toFixed(1)} s)`
  if (story.agrees) return [`  ${color('green', '✔')} ${text.agrees} ${time}`]
  const wrong = story.worlds.flatMap(({ world, podTwo, attacks }) => [
    ...(podTwo.readsRow ? [] : [`    ${text.worlds[world]}: ${text.podTwoFails}`]),
    ...attacks
      .filter(({ agrees }) => !agrees)
      .flatMap(({ attack, outcome, deciding, expected }) => {
        const link = deciding ? text.links[deciding.link] : text.unknown
        return [
          `    ${text.worlds[world]}: ${text.attacks[attack]}: ${text.outcomes[outcome]}, ${link}`,
          `      ${text.elsewhere}: ${text.outcomes[expected.outcome]}, ${text.links[expected.link]}`,
          `      (${expected.source})`,
        ]
      }),
  ])
  return [`  ${color('red', '✘')} ${text.differs} ${time}:`, ...wrong]
}

/** The widest line of a text without colours. */
export function widest(text: string): number {
  return Math.max(...text.split('\n').map(widthOf))
}
