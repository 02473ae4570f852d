import CSQLite
import Foundation

/// The floors that the collector is compared with, in the same run.
enum Peers {
  /// Rows a second that SQLite alone inserts: the same columns and unique key, 10,000 rows a commit,
  /// each commit on the disk, and nothing read, parsed or looked up for it.
  static func bareInserts(rows: Int, folder: URL) throws -> Double {
    let path = folder.appending(path: "bare.sqlite").path
    var database: OpaquePointer?
    guard sqlite3_open(path, &database) == SQLITE_OK else { throw BenchError("no database") }
    defer {
      sqlite3_close(database)
      for ending in ["", "-wal", "-shm"] {
        try? FileManager.default.removeItem(atPath: path + ending)
      }
    }
    for sql in [
      "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
      """
      CREATE TABLE touchpoint (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL,
        occurred INTEGER NOT NULL, utc_offset INTEGER, received INTEGER NOT NULL,
        message_id TEXT NOT NULL, source INTEGER NOT NULL, event INTEGER NOT NULL,
        channel INTEGER NOT NULL, origin INTEGER, device INTEGER, content INTEGER,
        campaign INTEGER, value INTEGER, currency TEXT, properties TEXT, client_time INTEGER)
      """,
      "CREATE UNIQUE INDEX once ON touchpoint (occurred, message_id)",
    ] { sqlite3_exec(database, sql, nil, nil, nil) }
    var insert: OpaquePointer?
    sqlite3_prepare_v2(
      database,
      "INSERT INTO touchpoint VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
      -1, &insert, nil)
    defer { sqlite3_finalize(insert) }
    var random = SplitMix(seed: 7)
    let properties =
      #"{"category":"garden","context.browser":"Chrome 141","context.language":"nl-NL","#
      + #""context.system":"Windows","name":"Garden chair 1234","price":39.95,"product_id":"p1234","#
      + #""quantity":1,"sku":"SKU-1234"}"#
    let began = now()
    let first = clockMilliseconds()
    for row in 0..<rows {
      if row % 10_000 == 0 { sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil) }
      let id = String(random.next(), radix: 16) + String(random.next(), radix: 16)
      sqlite3_bind_int64(insert, 1, Int64(random.below(200_000)))
      sqlite3_bind_int64(insert, 2, first + Int64(row / 100))
      sqlite3_bind_int64(insert, 4, first + Int64(row / 100))
      bind(insert, 5, id)
      for place in 6...11 { sqlite3_bind_int64(insert, Int32(place), Int64(random.below(500))) }
      sqlite3_bind_int64(insert, 13, 3_995)
      bind(insert, 14, "EUR")
      bind(insert, 15, properties)
      sqlite3_step(insert)
      sqlite3_reset(insert)
      if row % 10_000 == 9_999 { sqlite3_exec(database, "COMMIT", nil, nil, nil) }
    }
    sqlite3_exec(database, "COMMIT", nil, nil, nil)
    return Double(rows) / (now() - began)
  }

  private static func bind(_ statement: OpaquePointer?, _ place: Int32, _ text: String) {
    sqlite3_bind_text(
      statement, place, text, -1, unsafeBitCast(-1, to: sqlite3_destructor_type.self))
  }

  static func count(_ sql: String, in file: URL) throws -> Int {
    var database: OpaquePointer?
    guard sqlite3_open(file.path, &database) == SQLITE_OK else { throw BenchError("no database") }
    defer { sqlite3_close(database) }
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
      throw BenchError("\(sql) is no query")
    }
    defer { sqlite3_finalize(statement) }
    guard sqlite3_step(statement) == SQLITE_ROW else { return 0 }
    return Int(sqlite3_column_int64(statement, 0))
  }

  /// nginx with its access log on and a picture of one pixel: what it costs to do nothing.
  static func startNginx(folder: URL, port: UInt16) throws -> Process? {
    let program = "/usr/sbin/nginx"
    guard FileManager.default.isExecutableFile(atPath: program) else { return nil }
    let configuration = folder.appending(path: "nginx.conf")
    try Data(
      """
      daemon off; worker_processes 2; pid \(folder.path)/nginx.pid;
      error_log \(folder.path)/error.log;
      events { worker_connections 1024; }
      http {
        access_log \(folder.path)/access.log combined;
        client_body_temp_path \(folder.path)/body; proxy_temp_path \(folder.path)/proxy;
        fastcgi_temp_path \(folder.path)/f; uwsgi_temp_path \(folder.path)/u;
        scgi_temp_path \(folder.path)/s;
        keepalive_requests 100000000;
        server { listen 127.0.0.1:\(port); location / { empty_gif; } }
      }
      """.utf8
    ).write(to: configuration)
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = ["-c", configuration.path, "-p", folder.path]
    try process.run()
    return process
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
