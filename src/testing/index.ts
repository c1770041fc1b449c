/** `carbontube/testing`: for authors of storage backends. An explicit list. */
export { testStorage } from './storage-suite.ts'
