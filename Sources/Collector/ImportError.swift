import CustomerJourney

/// Why a file or a mapping cannot be used, in one sentence that says what, where and what to do.
///
/// Never holds the contents of a cell: those may be somebody's data.
package struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// Missing, a folder, or without permission.
    case unreadable
    /// Nothing in it, or a header only.
    case empty
    /// A picture, a workbook, a program: no text.
    case notText
    /// Damaged or cut off; what was read until there is good.
    case brokenArchive
    /// Unpacks to more than anyone means.
    case bomb
    /// The mapping or set file says something that cannot be understood.
    case mapping
    /// The file lacks a column that is needed.
    case columns
  }

  package let kind: Kind
  package let description: String
  /// With ``Kind/columns``: what the file does have, so that a person can say which is which.
  package let columns: [ImportPreview.Column]

  package init(_ kind: Kind, _ description: String, columns: [ImportPreview.Column] = []) {
    self.kind = kind
    self.description = description
    self.columns = columns
  }
}

/// `, did you mean "customer"?` or nothing.
func suggestion(for word: String, in options: some Sequence<String>) -> String {
  Spelling.nearest(word, among: options).map { ", did you mean \"\($0)\"?" } ?? ""
}
