/** The story as a page of the documentation, from a run's results. Pure. */
import { storyPainter } from './render.ts'
import { attackNames, isBreach, type StoryResult } from './story.ts'
import type { Language, StoryText } from './text.ts'

/** What the page says beside the story itself. */
const frame: Readonly<
  Record<Language, { made: string; run: string; other: string; worlds: string }>
> = {
  en: {
    made: 'Generated from a run by `bin/node tools/story-pages.ts`. See it yourself, on the lab that runs:',
    run: 'podpass story',
    other: '[日本語](story.ja.md)',
    worlds: 'What was run, and what came of it',
  },
  ja: {
    made: 'このページは `bin/node tools/story-pages.ts` が実行結果から生成したものです。動いているラボで自分でも試せます。',
    run: 'podpass story --lang ja',
    other: '[English](story.md)',
    worlds: '実行したことと、その結果',
  },
}

/** The whole page. */
export function storyPage(story: StoryResult, text: StoryText, language: Language): string {
  const painter = storyPainter({ color: false }, text)
  const { made, run, other, worlds } = frame[language]
  const block = (given: string) => ['```', given.replace(/^\n+|\n+$/g, ''), '```', '']
  return [
    `# ${text.title}`,
    '',
    other,
    '',
    ...text.opening.flatMap((each) => [each, '']),
    made,
    '',
    ...block(run),
    `## ${text.table}`,
    '',
    storyTable(story, text),
    ...text.legend.flatMap((each) => [each.replaceAll(/ {3,}/g, '; '), '']),
    `## ${worlds}`,
    '',
    ...block(
      painter.opening().slice(painter.opening().indexOf(`  ${text.definition.slice(0, 8)}`)),
    ),
    ...story.worlds.flatMap((result) => [
      `### ${text.worlds[result.world]}`,
      '',
      text.rights[result.world],
      '',
      ...block(
        [
          painter.podTwo(result.podTwo),
          ...result.attacks.map((attack) => painter.attack(result.world, attack)),
        ].join(''),
      ),
    ]),
  ].join('\n')
}

/** The table of what came of each attack, in Markdown. */
export function storyTable({ worlds }: StoryResult, text: StoryText): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  const head = ['', ...worlds.map(({ world }) => text.worlds[world])]
  const body = attackNames.map((attack) => [
    text.attacks[attack],
    ...worlds.map(({ attacks }) => {
      const cell = attacks.find((one) => one.attack === attack)
      if (!cell) return '-'
      const link = cell.deciding ? text.links[cell.deciding.link] : text.unknown
      return `${isBreach(cell.outcome) ? '✘' : '✔'} ${text.outcomes[cell.outcome]}: ${link}`
    }),
  ])
  return [head, head.map(() => '---'), ...body].map(row).join('')
}
