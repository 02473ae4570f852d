import CustomerJourney

/// Rows with columns: what a scanner finds, read as the plan says.
final class TablePart: PartReader {
  private let name: String
  private let window: ByteWindow
  private let scanner: any RowScanner
  private let reader: RowReader
  /// Fields that a row of CSV must have; nil where rows have the columns that they name.
  private let fields: Int?

  init(
    name: String, window: ByteWindow, scanner: any RowScanner, reader: RowReader,
    fields: Int? = nil
  ) {
    self.name = name
    self.window = window
    self.scanner = scanner
    self.reader = reader
    self.fields = fields
  }

  var failure: (any Error)? { window.failure ?? scanner.failure }

  func next(into batch: inout [ImportedRow]) -> Int? {
    switch scanner.next() {
    case .row: read(scanner.row, &batch)
    case .rejected(let reason, let text): reject(reason, text, &batch)
    case .end:
      reader.finish(into: &batch)
      return nil
    }
    return 1
  }

  private func reject(_ reason: String, _ text: String, _ batch: inout [ImportedRow]) {
    batch.append(
      .rejected(RejectedRow(part: name, line: scanner.line, reason: reason, text: text)))
  }

  private func read(_ row: RowFields, _ batch: inout [ImportedRow]) {
    if let fields, row.count != fields {
      row.dropEmptyFields(beyond: fields)
      if row.count != fields {
        let reason = "has \(row.count) fields where the file has \(fields) columns"
        return reject(reason, scanner.excerpt, &batch)
      }
    }
    reader.read(
      row, columns: scanner.columns, line: scanner.line, excerpt: { scanner.excerpt },
      into: &batch)
  }
}
