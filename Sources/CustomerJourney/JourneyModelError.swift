/// All that is wrong with a journey model's file, so that it can be put right in one go.
package struct JourneyModelError: Error, Hashable, Sendable, CustomStringConvertible {
  package struct Problem: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    /// From 1; nil where the problem is about the file as a whole.
    package var line: Int?
    /// The place in the file: `rules[2].when`.
    package var key: String
    package var message: String

    package var description: String {
      [file, line.map { "line \($0)" }, key.isEmpty ? nil : key].compactMap(\.self)
        .joined(separator: ", ") + ": \(message)"
    }
  }

  /// In order of file and line; never empty.
  package var problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }

  package var description: String { problems.map(\.description).joined(separator: "\n") }
}
