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

/// The nearest of `options` to a misspelt `word`, when it is near enough to be meant.
func nearest(to word: String, in options: some Sequence<String>) -> String? {
  let wanted = Array(word.lowercased().utf8.prefix(64))
  var best: (option: String, distance: Int)?
  for option in options {
    let distance = editDistance(wanted, Array(option.lowercased().utf8.prefix(64)))
    if distance <= max(1, wanted.count / 3), distance < best?.distance ?? .max {
      best = (option, distance)
    }
  }
  return best?.option
}

/// Insertions, deletions and replacements that turn one word into the other (Levenshtein).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for i in 0..<a.count {
    var diagonal = row[0]
    row[0] = i + 1
    for j in 0..<b.count {
      let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}

/// `, did you mean "customer"?` or nothing.
func suggestion(for word: String, in options: some Sequence<String>) -> String {
  nearest(to: word, in: options).map { ", did you mean \"\($0)\"?" } ?? ""
}
