/** As much of `@types/better-sqlite3` as the example uses, in the same shape. */
declare module 'better-sqlite3' {
  namespace Database {
    interface Database {
      exec(sql: string): this
      prepare(sql: string): {
        run(...values: unknown[]): { changes: number }
        all(...values: unknown[]): unknown[]
      }
      close(): this
    }
  }
  const Database: new (path: string) => Database.Database
  export default Database
}
