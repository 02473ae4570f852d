/// What is wrong with a rule's text, and where.
package struct RuleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong, what would be valid there, and what was probably meant: one sentence.
  package let message: String
  /// Characters before the place.
  package let offset: Int
  /// From 1.
  package let line: Int
  package let column: Int
  /// The line that it is about, or the part of it around the place.
  package let excerpt: String
  /// Characters of ``excerpt`` before the place, where the caret stands.
  package let caret: Int

  package init(
    _ problem: String, expected: [String] = [], suggestion: String? = nil, at offset: Int,
    in text: [Character]
  ) {
    var message = problem
    if let suggestion { message += "; did you mean \(suggestion)?" }
    if !expected.isEmpty {
      message += "; valid here: \(expected.joined(separator: ", "))"
    }
    self.message = message
    self.offset = offset
    let before = text[..<offset]
    let lineStart = before.lastIndex(where: \.isNewline).map { $0 + 1 } ?? 0
    let lineEnd = text[offset...].firstIndex(where: \.isNewline) ?? text.count
    line = 1 + before.count(where: \.isNewline)
    column = offset - lineStart + 1
    let from = max(lineStart, offset - 60)
    excerpt = String(text[from..<min(lineEnd, offset + 40)])
    caret = offset - from
  }

  /// The sentence, the piece of the rule, and a caret under the place.
  package var description: String {
    "line \(line), column \(column): \(message)\n  \(excerpt)\n  "
      + String(repeating: " ", count: caret) + "^"
  }
}

/// The nearest of some names to a mistyped one.
package enum Spelling {
  /// The candidate that takes the fewest edits to reach from `text`; nil when none is near.
  ///
  /// Edits are insertions, deletions, replacements and swaps of neighbours (optimal string
  /// alignment), case ignored; at most a third of the letters may be wrong.
  package static func nearest(_ text: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(Vocabulary.key(text).unicodeScalars.prefix(64))
    var best: (name: String, edits: Int)?
    for candidate in candidates {
      let letters = Array(Vocabulary.key(candidate).unicodeScalars.prefix(64))
      let allowed = max(1, max(wanted.count, letters.count) / 3)
      guard abs(letters.count - wanted.count) <= allowed else { continue }
      let edits = edits(from: wanted, to: letters)
      if edits <= allowed, edits < best?.edits ?? .max { best = (candidate, edits) }
    }
    return best?.name
  }

  static func edits(from a: [Unicode.Scalar], to b: [Unicode.Scalar]) -> Int {
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    var older = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 1...a.count {
      var row = [Int](repeating: i, count: b.count + 1)
      for j in 1...b.count {
        let replaced = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        row[j] = min(replaced, previous[j] + 1, row[j - 1] + 1)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], older[j - 2] + 1)
        }
      }
      older = previous
      previous = row
    }
    return previous[b.count]
  }
}
