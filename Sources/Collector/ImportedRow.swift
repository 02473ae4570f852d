package import CustomerJourney

/// What one row of a file became.
package enum ImportedRow: Hashable, Sendable {
  case touchpoint(Touchpoint, line: Int)
  /// What is known of a customer apart from touchpoints.
  case profile(ProfileChange, line: Int)
  /// What an event says of consent, besides what else it became.
  case consent(ConsentClaim)
  case rejected(RejectedRow)

  /// True for a row that is left out as meant.
  package var isLeftOut: Bool {
    if case .rejected(let row) = self { row.isExpected } else { false }
  }
}

/// A row that could not be used, with its evidence.
package struct RejectedRow: Hashable, Sendable {
  /// Name of the file in a zip; empty when the file is no archive.
  package let part: String
  /// From 1, the header counts.
  package let line: Int
  /// Ends the sentence "this row …"; never holds the contents of a cell.
  package let reason: String
  /// At most 200 bytes of the row. May be personal data: for the file of rejected rows only.
  package let text: String
  /// True for a row that is left out as meant: the mapping says so, or no person did it.
  package let isExpected: Bool

  package init(part: String, line: Int, reason: String, text: String, isExpected: Bool = false) {
    self.part = part
    self.line = line
    self.reason = reason
    self.text = text
    self.isExpected = isExpected
  }
}

/// What the importer must be told besides the file and its mapping.
package struct ImportOptions: Sendable {
  /// Where clocks without a zone are read, unless the mapping says it.
  package var zone: Zone
  /// Of amounts that name none.
  package var currency: Currency
  /// The moment of arrival; touchpoints more than a day later are rejected.
  package var now: Timestamp
  /// Names the client, unless the mapping does; nil takes the file's name.
  package var source: String?
  /// What the file holds; nil finds it out.
  package var format: ImportFormat?
  /// The secret with which the addresses in a web server's log become visitors. Only with the same
  /// one are the visitors of two imports the same.
  package var visitorKey: String
  /// Reads what events say of device, place and origin.
  package var context: ContextReader
  /// What a source's own names mean, by the source's name; for logs and events of clients.
  package var sourceMappings: [String: SourceMapping]
  /// Rows in one batch.
  package var batchRows: Int

  package init(
    zone: Zone = .amsterdam, currency: Currency = .eur, now: Timestamp, source: String? = nil,
    format: ImportFormat? = nil, visitorKey: String = ImportOptions.newVisitorKey(),
    context: ContextReader = ContextReader(), sourceMappings: [String: SourceMapping] = [:],
    batchRows: Int = 2_000
  ) {
    self.zone = zone
    self.currency = currency
    self.now = now
    self.source = source
    self.format = format
    self.visitorKey = visitorKey
    self.context = context
    self.sourceMappings = sourceMappings
    self.batchRows = batchRows
  }

  /// 256 random bits as hexadecimal digits.
  package static func newVisitorKey() -> String {
    (0..<32).map { _ in
      let byte = UInt8.random(in: 0...255)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}

/// How far an import is.
package struct ImportProgress: Hashable, Sendable {
  /// Of the file as it lies on the disk, so packed bytes of a packed file.
  package var bytesRead: Int64
  package var bytesTotal: Int64
  /// Rows read, rejected ones too.
  package var rows: Int
}

/// What an import would do, for people to check before it does.
package struct ImportPreview: Hashable, Sendable {
  /// One column of the file and what it is read as.
  package struct Column: Hashable, Sendable {
    package let name: String
    /// Nil when it is kept as a property or trait, or not used.
    package let role: ImportRole?
    /// "`klantnummer` is read as customer".
    package let use: String
    /// Its first few different values.
    package let samples: [String]
  }

  package let format: ImportFormat
  /// As people call it: "CSV with \";\" between columns, utf-8".
  package let form: String
  package let columns: [Column]
  /// What was assumed, and what to write in the mapping when it is wrong.
  package let warnings: [String]
  package let rows: [ImportedRow]

  package init(
    format: ImportFormat, form: String, columns: [Column], warnings: [String] = [],
    rows: [ImportedRow] = []
  ) {
    self.format = format
    self.form = form
    self.columns = columns
    self.warnings = warnings
    self.rows = rows
  }
}
