/// All that is wrong with a play's file, so that it can be put right in one go.
package struct PlayError: Error, Hashable, Sendable, CustomStringConvertible {
  package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1; nil where the problem is about the file as a whole.
    package var line: Int?
    /// The place in the file: `steps[2].if`.
    package var key: String
    package var message: String

    package var description: String {
      [file, line.map { "line \($0)" }, key.isEmpty ? nil : key].compactMap(\.self)
        .joined(separator: ", ") + ": \(message)"
    }
  }

  /// In order of line; never empty.
  package var problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
