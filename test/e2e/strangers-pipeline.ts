/** What a stranger writes on the first day, copied by a test into a folder with only the package in it. */
import { Phase, Pipeline, Reject, chain, type Context } from 'carbontube'

interface Text {
  text: string
}

export class CountWords extends Phase {
  readonly jobType = 'count-words'
  retry = { attempts: 3, delay: 100 }

  async execute(job: Text, context: Context) {
    const words = job.text.split(/\s+/).filter((word) => word !== '')
    if (words.length === 0) throw new Reject('there is no word in the text')
    context.log.info('counted', { words: words.length })
    return { words }
  }
}

export class FindLongest extends Phase {
  readonly jobType = 'find-longest'

  execute(job: { words: string[] }) {
    const longest = job.words.reduce((a, b) => (b.length > a.length ? b : a))
    return { longest, count: job.words.length, node: process.versions.node }
  }
}

export class Words extends Pipeline {
  readonly name = 'words'
  readonly phases = chain(CountWords, FindLongest)
}
