import CustomerJourney
import Foundation

/// A small file in memory, whose columns are added to rows that have the same key.
final class JoinTable {
  /// Without the key.
  let columns: [String]
  private var rows: [String: [[UInt8]]] = [:]

  init(_ join: ImportMapping.Join, folder: String) throws {
    let path = join.file.hasPrefix("/") || folder.isEmpty ? join.file : "\(folder)/\(join.file)"
    let name = (path as NSString).lastPathComponent
    let archive = try ArchiveReader(path: path)
    guard let part = try archive.nextPart() else {
      throw ImportError(.empty, "\(name), which the mapping joins, is empty.")
    }
    let stream = try TextStream(archive: archive, name: part.isEmpty ? name : part, chosen: nil)
    let window = ByteWindow(source: stream)
    let scanner = CSVScanner(window: window, delimiter: CSVScanner.delimiter(of: window.head()))
    guard scanner.next() == .row else {
      throw ImportError(.empty, "\(name), which the mapping joins, has no header.")
    }
    let header = (0..<scanner.row.count).map { String(decoding: scanner.row[$0], as: UTF8.self) }
    guard let key = header.firstIndex(of: join.key) else {
      throw ImportError(
        .columns,
        "\(name), which the mapping joins, has no column \"\(join.key)\""
          + suggestion(for: join.key, in: header) + "; it has \(header.joined(separator: ", ")).")
    }
    columns = header.indices.filter { $0 != key }.map { header[$0] }
    while true {
      let outcome = scanner.next()
      if outcome == .end { break }
      guard outcome == .row, scanner.row.count == header.count else {
        throw ImportError(
          .columns,
          "\(name), which the mapping joins, cannot be read at line \(scanner.line): "
            + "it needs \(header.count) fields in each row.")
      }
      guard rows.count < Limits.joinedRows else {
        throw ImportError(
          .columns,
          "\(name), which the mapping joins, has more than \(Limits.joinedRows) rows; "
            + "it is held in memory, so join a smaller file.")
      }
      let values = header.indices.filter { $0 != key }.map { Array(scanner.row[$0]) }
      let keyText = String(decoding: scanner.row[key], as: UTF8.self)
      guard rows.updateValue(values, forKey: keyText) == nil else {
        throw ImportError(
          .columns,
          "\(name), which the mapping joins, has the same \(join.key) twice, at line "
            + "\(scanner.line) the second time; keep one row each.")
      }
    }
    if let failure = window.failure { throw failure }
  }

  /// Adds the columns of the row that has this key as columns from `first` on; without one they
  /// stay empty.
  func extend(_ row: RowFields, key: String, from first: Int) {
    guard let values = rows[key] else { return }
    for (offset, value) in values.enumerated() {
      value.withUnsafeBufferPointer { row.set(first + offset, to: $0, kind: .text) }
    }
  }
}
