// What can be made to go wrong in a running MariaDB without hurting its data: no writes, or no more rows.
// Done over a connection of its own, by a user who may change the whole server.
import { createConnection } from 'mysql2/promise'

const trigger = 'cutover_table_is_full'

const asAdmin = async (adminUrl: string, statements: readonly string[]): Promise<void> => {
  const connection = await createConnection({ uri: adminUrl })
  try {
    for (const statement of statements) await connection.query(statement)
  } finally {
    await connection.end()
  }
}

/** `SET GLOBAL read_only`: every write of an ordinary user is refused with error 1290, as on a replica. */
export const setReadOnly = (adminUrl: string, on: boolean): Promise<void> =>
  asAdmin(adminUrl, [`SET GLOBAL read_only = ${on ? 'ON' : 'OFF'}`])

/**
 * Whether the table `token` takes rows. The disk is not filled: a trigger answers each INSERT with the error that InnoDB
 * gives when a tablespace cannot grow, 1114 (HY000) "The table … is full".
 */
export const setTableFull = (adminUrl: string, on: boolean): Promise<void> =>
  asAdmin(adminUrl, [
    `DROP TRIGGER IF EXISTS ${trigger}`,
    ...(on
      ? [
          `CREATE TRIGGER ${trigger} BEFORE INSERT ON token FOR EACH ROW SIGNAL SQLSTATE 'HY000' ` +
            `SET MYSQL_ERRNO = 1114, MESSAGE_TEXT = 'The table ''token'' is full'`,
        ]
      : []),
  ])
