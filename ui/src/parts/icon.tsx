/** Icons, drawn here: nothing is fetched, and they take the colour of the text beside them. */

const paths = {
  overview: 'M2 8h3m6 0h3M5 4.5h6v7H5z',
  workers: 'M2.5 3.5h11v4h-11zM2.5 9h11v4h-11zM5 5.5h.01M5 11h.01',
  jobs: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  dead: 'M8 2.5l6 10.5H2zM8 6.5v3M8 11.2h.01',
  logs: 'M3 4.5l3 3.5-3 3.5M8 12h5',
  pipelines: 'M3 3h4v4H3zM9 9h4v4H9zM5 7v4h4',
  settings: 'M2.5 5h7m3 0h1M2.5 11h1m3 0h7M11 3.4v3.2M5 9.4v3.2',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6l7.5-4.8z',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  download: 'M8 2.5v7m-3-3l3 3 3-3M3 13h10',
  down: 'M8 3v9m-3.5-3.5L8 12l3.5-3.5',
  chevron: 'M6 3.5L10.5 8 6 12.5',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3',
  help: 'M6 6a2 2 0 1 1 2.8 1.8c-.6.3-.8.6-.8 1.3M8 11.5h.01M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4l.9.9m0-9.2l-.9.9m-7.4 7.4l-.9.9',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.6',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
